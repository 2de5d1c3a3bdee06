// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {BillTerms, OrderState, OrderTerms, OrderView} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract ChallengeTest is MarketFixture {
    function _challenge(uint256 orderId, uint256 leafIndex) private {
        vm.prank(user);
        market.challenge(orderId, leafIndex);
    }

    function test_takesTheBondFromTheReserveAndSetsTheDeadline() public {
        uint256 orderId = _active();
        _skip(DAY);
        vm.expectEmit(address(market));
        emit IMarketEvents.ChallengeOpened(orderId, 4, T0 + 2 * DAY, BOND, user);
        _challenge(orderId, 4);
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(order.reserve, RESERVE - BOND);
        vm.assertEq(order.challenge.leafIndex, 4);
        vm.assertEq(order.challenge.deadline, T0 + 2 * DAY);
        vm.assertEq(order.challenge.bond, BOND);
        vm.assertEq(order.nextChallengeAt, 0);
        vm.assertEq(order.claimable, 0);
        _assertSolvent();
    }

    function test_theFirstAndTheLastLeafButNoneAfter() public {
        uint256 orderId = _active();
        _expect(abi.encodeWithSelector(IMarketErrors.LeafOutOfRange.selector, LEAVES, LEAVES));
        _challenge(orderId, LEAVES);
        _expect(abi.encodeWithSelector(IMarketErrors.LeafOutOfRange.selector, LEAVES, type(uint256).max));
        _challenge(orderId, type(uint256).max);
        uint256 snapshot = vm.snapshotState();
        _challenge(orderId, LEAVES - 1);
        vm.revertToState(snapshot);
        _challenge(orderId, 0);
        vm.assertEq(market.getOrder(orderId).challenge.deadline, T0 + DAY);
        vm.assertEq(market.getOrder(orderId).challenge.leafIndex, 0);
    }

    function test_aGrownCommitmentHasMoreLeaves() public {
        uint256 orderId = _active();
        _agree(orderId, bytes32(uint256(1)), SIZE + 1024);
        _challenge(orderId, LEAVES);
    }

    function test_theLargestLeafIndex() public {
        BillTerms memory b = _billTerms();
        (b.capacity, b.step, b.price) = (type(uint32).max, type(uint32).max, 1024);
        vm.prank(miner);
        OrderTerms memory t = _orderTerms(market.createBill(b));
        t.capacity = type(uint32).max;
        vm.prank(user);
        uint256 orderId = market.createOrder(t);
        uint256 leaves = uint256(type(uint32).max) * 1024;
        _agree(orderId, root, leaves * 1024);
        _expect(abi.encodeWithSelector(IMarketErrors.LeafOutOfRange.selector, leaves, leaves));
        _challenge(orderId, leaves);
        _challenge(orderId, leaves - 1);
        vm.assertEq(market.getOrder(orderId).challenge.leafIndex, leaves - 1);
    }

    function test_oneAtATime() public {
        uint256 orderId = _active();
        _challenge(orderId, 0);
        _expect(abi.encodeWithSelector(IMarketErrors.ChallengeOpen.selector, orderId, T0 + DAY));
        _challenge(orderId, 1);
        _skip(2 * DAY);
        _expect(abi.encodeWithSelector(IMarketErrors.ChallengeOpen.selector, orderId, T0 + DAY));
        _challenge(orderId, 1);
    }

    function test_theReserveMustHoldABond() public {
        uint256 orderId = _active();
        for (uint256 i = 0; i < CHALLENGES; ++i) {
            _challenge(orderId, i);
            _answer(orderId, i);
            _skip(DAY);
        }
        _expect(abi.encodeWithSelector(IMarketErrors.ReserveTooSmall.selector, BOND, 0));
        _challenge(orderId, 0);
        vm.prank(stranger);
        market.topUp(orderId, 1);
        _challenge(orderId, 0);
        _assertSolvent();
    }

    function test_aBillWithoutABondIsChallengedForFree() public {
        BillTerms memory b = _billTerms();
        b.bond = 0;
        vm.prank(miner);
        uint256 orderId = _order(market.createBill(b));
        _agree(orderId, root, SIZE);
        _challenge(orderId, 2);
        _answer(orderId, 2);
        vm.assertEq(market.credit(miner), 0);
        _assertSolvent();
    }

    function test_theCooldownRunsFromTheAnswer() public {
        uint256 orderId = _active();
        _challenge(orderId, 0);
        _skip(5_000);
        _answer(orderId, 0);
        uint256 next = T0 + 5_000 + 3_600;
        vm.assertEq(market.getOrder(orderId).nextChallengeAt, next);
        _expect(abi.encodeWithSelector(IMarketErrors.CooldownActive.selector, next, T0 + 5_000));
        _challenge(orderId, 1);
        vm.warp(next - 1);
        _expect(abi.encodeWithSelector(IMarketErrors.CooldownActive.selector, next, next - 1));
        _challenge(orderId, 1);
        vm.warp(next);
        _challenge(orderId, 1);
    }

    function test_upToTheEndNotLater() public {
        uint256 orderId = _active();
        uint256 endsAt = T0 + WEEKS * WEEK;
        vm.warp(endsAt + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.OrderOver.selector, endsAt, endsAt + 1));
        _challenge(orderId, 0);
        vm.warp(endsAt);
        _challenge(orderId, 0);
        vm.assertEq(market.getOrder(orderId).challenge.deadline, endsAt + DAY);
    }

    function test_duringTheNoticeNotAfter() public {
        uint256 orderId = _active();
        vm.prank(miner);
        market.quit(orderId);
        uint256 endsAt = T0 + 7 * DAY;
        vm.warp(endsAt + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.OrderOver.selector, endsAt, endsAt + 1));
        _challenge(orderId, 0);
        vm.warp(endsAt);
        _challenge(orderId, 0);
    }

    function test_onlyActiveOrders() public {
        uint256 orderId = _preparing();
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Preparing));
        _challenge(orderId, 0);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownOrder.selector, 2));
        _challenge(2, 0);
    }

    function test_byAnOperatorWithTheScope() public {
        uint256 orderId = _active();
        _authorise(user, userAgent, CHALLENGE);
        vm.expectEmit(address(market));
        emit IMarketEvents.ChallengeOpened(orderId, 1, T0 + DAY, BOND, userAgent);
        vm.prank(userAgent);
        market.challenge(orderId, 1);
    }
}
