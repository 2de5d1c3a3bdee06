// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {OrderState, OrderView} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

/// @notice What went wrong in earlier systems of this kind, one test each, named after the bug.
contract RegressionsTest is MarketFixture {
    function test_changesAreMadeInStorageNotInAMemoryCopy() public {
        uint256 billId = _bill();
        uint256 before = market.getBill(billId).free;
        uint256 orderId = _order(billId);
        vm.assertEq(before - market.getBill(billId).free, CAPACITY);
        _agree(orderId, root, SIZE);
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(order.commitment.root, root);
        vm.assertEq(order.start, T0);
        vm.warp(T0 + 3 * WEEK);
        market.claim(orderId);
        vm.assertEq(market.getOrder(orderId).claimed, 2 * WEEK_PRICE);
    }

    function test_aBillIsNotSoldWithoutLimit() public {
        uint256 billId = _bill();
        _order(billId);
        _order(billId);
        _expect(
            abi.encodeWithSelector(IMarketErrors.NotEnoughCapacity.selector, BILL_CAPACITY - 2 * CAPACITY, CAPACITY)
        );
        vm.prank(user);
        market.createOrder(_orderTerms(billId));
    }

    function test_anActiveOrderIsNotCancelledForAFullRefund() public {
        uint256 orderId = _active();
        _skip(6 * WEEK);
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Preparing, OrderState.Active));
        vm.prank(user);
        market.cancelOrder(orderId);
    }

    function test_anOrderWithoutACommitmentIsNotChallenged() public {
        uint256 orderId = _preparing();
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Preparing));
        vm.prank(user);
        market.challenge(orderId, 0);
    }

    function test_oneSideDoesNotActivateAlone() public {
        uint256 orderId = _preparing();
        _prepare(miner, orderId, MINER, root, SIZE);
        _prepare(miner, orderId, MINER, root, SIZE);
        _assertState(orderId, OrderState.Preparing);
        // Not even an operator of the miner that the user never authorised.
        _authorise(miner, minerAgent, 15);
        _expect(abi.encodeWithSelector(IMarketErrors.OperatorUnknown.selector, user, minerAgent));
        _prepare(minerAgent, orderId, USER, root, SIZE);
    }

    function test_theMinerDoesNotDrainAChallengedOrder() public {
        uint256 orderId = _active();
        vm.warp(T0 + WEEKS * WEEK);
        vm.prank(user);
        market.challenge(orderId, 0);
        vm.warp(T0 + WEEKS * WEEK + DAY / 2);
        bytes memory frozen =
            abi.encodeWithSelector(IMarketErrors.ChallengeOpen.selector, orderId, T0 + WEEKS * WEEK + DAY);
        _expect(frozen);
        market.claim(orderId);
        _expect(frozen);
        market.finish(orderId);
        vm.warp(T0 + WEEKS * WEEK + DAY + 1);
        market.slash(orderId, user);
        vm.assertEq(market.credit(miner), 0);
    }

    function test_thePledgeComesBackAfterANormalEnd() public {
        uint256 orderId = _active();
        vm.warp(T0 + WEEKS * WEEK + 1);
        market.finish(orderId);
        vm.assertEq(market.credit(miner), COST + PLEDGE);
    }

    function test_theChallengesBondIsPaidOnce() public {
        uint256 orderId = _challenged();
        _answer(orderId, 3);
        vm.assertEq(market.credit(miner), BOND);
        _expect(abi.encodeWithSelector(IMarketErrors.NoChallenge.selector, orderId));
        market.slash(orderId, user);
        vm.warp(T0 + WEEKS * WEEK + 1);
        market.finish(orderId);
        vm.assertEq(market.credit(user), RESERVE - BOND);
        _assertSolvent();
    }

    function test_aMinerDoesNotEscapeAChallengeByGivingNoticeFirst() public {
        uint256 orderId = _active();
        vm.prank(miner);
        market.quit(orderId);
        vm.prank(user);
        market.challenge(orderId, 0);
        _skip(DAY + 1);
        market.slash(orderId, user);
        _assertState(orderId, OrderState.Slashed);
    }

    function test_aMinerDoesNotEscapeAChallengeWithAnOldWishToEnd() public {
        uint256 orderId = _active();
        vm.prank(user);
        market.end(orderId, T0 + WEEK);
        vm.prank(user);
        market.challenge(orderId, 0);
        _expect(abi.encodeWithSelector(IMarketErrors.ChallengeOpen.selector, orderId, T0 + DAY));
        vm.prank(miner);
        market.end(orderId, T0 + WEEK);
        _answer(orderId, 0);
        vm.prank(miner);
        market.end(orderId, T0 + WEEK);
        _assertState(orderId, OrderState.Active);
    }

    function test_idsInEventsAreIdsInStorage() public {
        uint256 billId = _bill();
        vm.assertEq(market.getBill(billId).miner, miner);
        uint256 orderId = _order(billId);
        vm.assertEq(market.getOrder(orderId).user, user);
        (uint256 bills, uint256 orders) = market.counts();
        vm.assertEq(bills, billId);
        vm.assertEq(orders, orderId);
    }
}
