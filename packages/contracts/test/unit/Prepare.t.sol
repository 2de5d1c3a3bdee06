// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {CommitmentView, OrderState, OrderView, PrepareView} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract PrepareTest is MarketFixture {
    bytes32 private constant A = bytes32(uint256(0xA));
    bytes32 private constant B = bytes32(uint256(0xB));

    function _assertCommitment(uint256 orderId, bytes32 root_, uint256 size) private view {
        vm.assertEq(abi.encode(market.getOrder(orderId).commitment), abi.encode(CommitmentView(root_, size)));
    }

    function _assertStated(uint256 orderId, PrepareView memory byUser, PrepareView memory byMiner) private view {
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(abi.encode(order.userPrepare), abi.encode(byUser), "user's statement");
        vm.assertEq(abi.encode(order.minerPrepare), abi.encode(byMiner), "miner's statement");
    }

    PrepareView private none;

    // ------------------------------------------------------------------ the first agreement

    function test_equalStatementsActivate() public {
        uint256 orderId = _preparing();
        _skip(100);
        vm.expectEmit(address(market));
        emit IMarketEvents.Prepared(orderId, USER, root, SIZE, user);
        _prepare(user, orderId, USER, root, SIZE);
        _assertState(orderId, OrderState.Preparing);
        _assertStated(orderId, PrepareView(root, SIZE, user), none);
        _assertCommitment(orderId, 0, 0);
        _skip(50);
        vm.expectEmit(address(market));
        emit IMarketEvents.Prepared(orderId, MINER, root, SIZE, miner);
        vm.expectEmit(address(market));
        emit IMarketEvents.OrderActivated(orderId, root, SIZE, T0 + 150, T0 + 150 + WEEKS * WEEK);
        _prepare(miner, orderId, MINER, root, SIZE);
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(uint256(order.state), uint256(OrderState.Active));
        vm.assertEq(order.start, T0 + 150);
        vm.assertEq(order.endsAt, T0 + 150 + WEEKS * WEEK);
        vm.assertEq(order.createdAt, T0);
        vm.assertEq(order.escrow, COST);
        vm.assertEq(order.pledge, PLEDGE);
        vm.assertEq(order.reserve, RESERVE);
        _assertCommitment(orderId, root, SIZE);
        _assertStated(orderId, none, none);
        _assertSolvent();
    }

    function test_theMinerMayBeFirst() public {
        uint256 orderId = _preparing();
        _prepare(miner, orderId, MINER, root, SIZE);
        _assertStated(orderId, none, PrepareView(root, SIZE, miner));
        _prepare(user, orderId, USER, root, SIZE);
        _assertState(orderId, OrderState.Active);
        _assertCommitment(orderId, root, SIZE);
        _assertStated(orderId, none, none);
    }

    function test_neitherSideOverwritesTheOther() public {
        uint256 orderId = _preparing();
        _prepare(user, orderId, USER, A, 1024);
        _prepare(miner, orderId, MINER, B, 2048);
        _assertStated(orderId, PrepareView(A, 1024, user), PrepareView(B, 2048, miner));
        _assertState(orderId, OrderState.Preparing);
        _prepare(user, orderId, USER, root, SIZE);
        _assertStated(orderId, PrepareView(root, SIZE, user), PrepareView(B, 2048, miner));
        _prepare(miner, orderId, MINER, root, SIZE);
        _assertState(orderId, OrderState.Active);
        // What the miner had said before is gone with the agreement.
        _assertStated(orderId, none, none);
        _prepare(user, orderId, USER, B, SIZE);
        _assertCommitment(orderId, root, SIZE);
    }

    function test_rootAndSizeMustBothAgree() public {
        uint256 orderId = _preparing();
        _prepare(user, orderId, USER, A, 2048);
        _prepare(miner, orderId, MINER, A, 1024);
        _assertState(orderId, OrderState.Preparing);
        _prepare(miner, orderId, MINER, B, 2048);
        _assertState(orderId, OrderState.Preparing);
        _prepare(miner, orderId, MINER, A, 2048);
        _assertState(orderId, OrderState.Active);
    }

    function test_oneSideAloneNeverAgrees() public {
        uint256 orderId = _preparing();
        for (uint256 side = 0; side < 2; ++side) {
            address owner = side == USER ? user : miner;
            _prepare(owner, orderId, side, A, 1024);
            _prepare(owner, orderId, side, A, 1024);
            _prepare(owner, orderId, side, 0, 0);
        }
        _assertState(orderId, OrderState.Preparing);
        _expect(abi.encodeWithSelector(IMarketErrors.OperatorUnknown.selector, miner, user));
        _prepare(user, orderId, MINER, A, 1024);
        _expect(abi.encodeWithSelector(IMarketErrors.OperatorUnknown.selector, user, miner));
        _prepare(miner, orderId, USER, A, 1024);
    }

    function test_zeroWithdraws() public {
        uint256 orderId = _preparing();
        _prepare(user, orderId, USER, A, 1024);
        vm.expectEmit(address(market));
        emit IMarketEvents.Prepared(orderId, USER, 0, 0, user);
        _prepare(user, orderId, USER, 0, 0);
        _assertStated(orderId, none, none);
        // Withdrawn is withdrawn, and two withdrawals are no agreement.
        _prepare(miner, orderId, MINER, A, 1024);
        _assertState(orderId, OrderState.Preparing);
        _prepare(miner, orderId, MINER, 0, 0);
        _prepare(user, orderId, USER, 0, 0);
        _assertState(orderId, OrderState.Preparing);
        _assertStated(orderId, none, none);
    }

    function test_commitmentsAreWholeAndFit() public {
        uint256 orderId = _preparing();
        uint256 max = CAPACITY << 20;
        _expect(abi.encodeWithSelector(IMarketErrors.ZeroRoot.selector));
        _prepare(user, orderId, USER, 0, 1024);
        uint256[4] memory bad = [uint256(0), 1, 1023, 1025];
        for (uint256 i = 0; i < bad.length; ++i) {
            _expect(abi.encodeWithSelector(IMarketErrors.BadSize.selector, 1024, bad[i]));
            _prepare(user, orderId, USER, A, bad[i]);
        }
        _expect(abi.encodeWithSelector(IMarketErrors.SizeTooLarge.selector, max, max + 1024));
        _prepare(user, orderId, USER, A, max + 1024);
        uint256 wraps = (1 << 58) + 1024;
        _expect(abi.encodeWithSelector(IMarketErrors.SizeTooLarge.selector, max, wraps));
        _prepare(user, orderId, USER, A, wraps);
        _agree(orderId, A, max);
        _assertCommitment(orderId, A, max);
    }

    function test_sidesAreTwo() public {
        uint256 orderId = _preparing();
        _expect(abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, 1, 2));
        _prepare(user, orderId, 2, A, 1024);
        _expect(abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, 1, type(uint256).max));
        _prepare(user, orderId, type(uint256).max, A, 1024);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownOrder.selector, 9));
        _prepare(user, 9, USER, A, 1024);
    }

    function test_firstAgreementsWithinTheWindow() public {
        uint256 deadline = T0 + 3 * DAY;
        uint256 billId = _bill();
        uint256 one = _order(billId);
        uint256 two = _order(billId);
        vm.warp(deadline - 1);
        _agree(one, A, 1024);
        _prepare(user, two, USER, A, 1024);
        vm.warp(deadline + 1);
        for (uint256 side = 0; side < 2; ++side) {
            _expect(abi.encodeWithSelector(IMarketErrors.PrepareWindowOver.selector, deadline, deadline + 1));
            _prepare(side == USER ? user : miner, two, side, A, 1024);
        }
        _expect(abi.encodeWithSelector(IMarketErrors.PrepareWindowOver.selector, deadline, deadline + 1));
        _prepare(user, two, USER, 0, 0);
        vm.warp(deadline);
        _prepare(miner, two, MINER, A, 1024);
        _assertState(two, OrderState.Active);
        vm.assertEq(market.getOrder(two).start, deadline);
    }

    // ------------------------------------------------------------------ operators

    function test_operatorsPrepareForTheirSide() public {
        uint256 orderId = _preparing();
        _authorise(user, userAgent, PREPARE);
        _authorise(miner, minerAgent, PREPARE);
        _prepare(userAgent, orderId, USER, root, SIZE);
        _assertStated(orderId, PrepareView(root, SIZE, userAgent), none);
        _prepare(minerAgent, orderId, MINER, root, SIZE);
        _assertState(orderId, OrderState.Active);
    }

    function test_aRevokedSignersStatementDoesNotCount() public {
        uint256 orderId = _preparing();
        _authorise(user, userAgent, PREPARE);
        _prepare(userAgent, orderId, USER, root, SIZE);
        vm.prank(user);
        market.setOperator(userAgent, 0, 0);
        _prepare(miner, orderId, MINER, root, SIZE);
        _assertState(orderId, OrderState.Preparing);
        // The owner says it itself: the miner's statement still stands.
        _prepare(user, orderId, USER, root, SIZE);
        _assertState(orderId, OrderState.Active);
    }

    function test_aRevokedMinersSignerDoesNotCountEither() public {
        uint256 orderId = _preparing();
        _authorise(miner, minerAgent, PREPARE);
        _prepare(minerAgent, orderId, MINER, root, SIZE);
        vm.prank(miner);
        market.setOperator(minerAgent, REFUSE | ENDPOINT | CHALLENGE, T0 + WEEK);
        _prepare(user, orderId, USER, root, SIZE);
        _assertState(orderId, OrderState.Preparing);
        // An owner that is an operator of the other side does not lend it its own name.
        _authorise(user, minerAgent, PREPARE);
        _prepare(user, orderId, USER, root, SIZE);
        _assertState(orderId, OrderState.Preparing);
        _prepare(miner, orderId, MINER, root, SIZE);
        _assertState(orderId, OrderState.Active);
    }

    function test_anExpiredSignersStatementDoesNotCount() public {
        uint256 expiry = T0 + 1000;
        uint256 billId = _bill();
        uint256 one = _order(billId);
        uint256 two = _order(billId);
        vm.prank(user);
        market.setOperator(userAgent, PREPARE, expiry);
        _prepare(userAgent, one, USER, root, SIZE);
        _prepare(userAgent, two, USER, root, SIZE);
        vm.warp(expiry);
        _prepare(miner, one, MINER, root, SIZE);
        _assertState(one, OrderState.Active);
        vm.warp(expiry + 1);
        _prepare(miner, two, MINER, root, SIZE);
        _assertState(two, OrderState.Preparing);
        _expect(abi.encodeWithSelector(IMarketErrors.OperatorExpired.selector, expiry, expiry + 1));
        _prepare(userAgent, two, USER, root, SIZE);
    }

    // ------------------------------------------------------------------ later agreements

    function test_agreeingAgainReplacesTheCommitment() public {
        uint256 orderId = _active();
        uint256 start = market.getOrder(orderId).start;
        _skip(WEEK);
        _prepare(user, orderId, USER, A, SIZE + 1024);
        _assertCommitment(orderId, root, SIZE);
        _assertStated(orderId, PrepareView(A, SIZE + 1024, user), none);
        vm.expectEmit(address(market));
        emit IMarketEvents.CommitmentReplaced(orderId, A, SIZE + 1024);
        _prepare(miner, orderId, MINER, A, SIZE + 1024);
        _assertCommitment(orderId, A, SIZE + 1024);
        _assertStated(orderId, none, none);
        vm.assertEq(market.getOrder(orderId).start, start);
        _assertState(orderId, OrderState.Active);
        _assertSolvent();
    }

    function test_manyAgreementsInEveryOrderOfSides() public {
        uint256 orderId = _preparing();
        for (uint256 i = 1; i <= 24; ++i) {
            bytes32 next = keccak256(abi.encode(i));
            bool userFirst = (i / 3) % 2 == 0;
            (address a, address b) = userFirst ? (user, miner) : (miner, user);
            (uint256 sideA, uint256 sideB) = userFirst ? (USER, MINER) : (MINER, USER);
            // Sometimes the second has an old statement, too, or the first restates.
            if (i % 2 == 0) _prepare(b, orderId, sideB, bytes32(i), i * 1024);
            if (i % 5 == 0) _prepare(a, orderId, sideA, bytes32(i + 1), i * 1024);
            _prepare(a, orderId, sideA, next, i * 1024);
            _prepare(b, orderId, sideB, next, i * 1024);
            _assertCommitment(orderId, next, i * 1024);
            _assertStated(orderId, none, none);
        }
    }

    function test_anOldCommitmentIsNobodysStatement() public {
        uint256 orderId = _preparing();
        _agree(orderId, A, 1024);
        _agree(orderId, B, 1024);
        // A and B were said before, by each side; alone nobody brings them back.
        _prepare(user, orderId, USER, A, 1024);
        _assertCommitment(orderId, B, 1024);
        _prepare(user, orderId, USER, 0, 0);
        _prepare(miner, orderId, MINER, A, 1024);
        _assertCommitment(orderId, B, 1024);
        _prepare(user, orderId, USER, B, 1024);
        _assertCommitment(orderId, B, 1024);
        _assertStated(orderId, PrepareView(B, 1024, user), PrepareView(A, 1024, miner));
    }

    function test_sizeNeverShrinks() public {
        uint256 orderId = _active();
        _expect(abi.encodeWithSelector(IMarketErrors.SizeShrinks.selector, SIZE, SIZE - 1024));
        _prepare(user, orderId, USER, A, SIZE - 1024);
        _expect(abi.encodeWithSelector(IMarketErrors.SizeShrinks.selector, SIZE, SIZE - 1024));
        _prepare(miner, orderId, MINER, A, SIZE - 1024);
        _agree(orderId, A, SIZE);
        _agree(orderId, B, SIZE + 2048);
        _expect(abi.encodeWithSelector(IMarketErrors.SizeShrinks.selector, SIZE + 2048, SIZE + 1024));
        _prepare(user, orderId, USER, A, SIZE + 1024);
    }

    function test_preparedSizesMayShrinkBeforeTheFirstAgreement() public {
        uint256 orderId = _preparing();
        _prepare(user, orderId, USER, A, 4096);
        _agree(orderId, B, 1024);
        _assertCommitment(orderId, B, 1024);
    }

    function test_notAfterTheEnd() public {
        uint256 orderId = _active();
        uint256 endsAt = market.getOrder(orderId).endsAt;
        vm.warp(endsAt);
        _prepare(user, orderId, USER, A, SIZE);
        vm.warp(endsAt + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.OrderOver.selector, endsAt, endsAt + 1));
        _prepare(miner, orderId, MINER, A, SIZE);
    }

    function test_notInFinalStates() public {
        uint256 orderId = _preparing();
        vm.prank(user);
        market.cancelOrder(orderId);
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Cancelled));
        _prepare(user, orderId, USER, A, 1024);
    }

    function testFuzz_anyCommitmentThatFits(bytes32 anyRoot, uint256 leaves) public {
        vm.assume(anyRoot != 0);
        leaves = _bound(leaves, 1, CAPACITY * 1024);
        uint256 orderId = _preparing();
        _agree(orderId, anyRoot, leaves * 1024);
        _assertCommitment(orderId, anyRoot, leaves * 1024);
    }
}
