// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {OrderState, OrderView} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract RefuseAndCancelOrderTest is MarketFixture {
    function _assertUndone(uint256 orderId, OrderState state, bool returned) private view {
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(uint256(order.state), uint256(state), "state");
        vm.assertEq(order.escrow + order.pledge + order.reserve, 0, "money left in the order");
        vm.assertEq(market.credit(user), COST + RESERVE, "refund");
        vm.assertEq(market.getBill(order.billId).free, returned ? BILL_CAPACITY : 0, "free");
        uint256 all = PRICE * BILL_CAPACITY / 1024 * PLEDGE_RATE;
        vm.assertEq(market.credit(miner), returned ? 0 : all, "pledge");
        _assertSolvent();
    }

    function test_refuseRefundsAtOnce() public {
        uint256 orderId = _preparing();
        vm.expectEmit(address(market));
        emit IMarketEvents.OrderRefused(orderId, miner, "disk full", COST + RESERVE, true);
        vm.prank(miner);
        market.refuse(orderId, "disk full");
        _assertUndone(orderId, OrderState.Refused, true);
    }

    function test_refuseOnACancelledBillPaysThePledgeOut() public {
        uint256 orderId = _preparing();
        vm.startPrank(miner);
        market.cancelBill(1);
        vm.expectEmit(address(market));
        emit IMarketEvents.OrderRefused(orderId, miner, "", COST + RESERVE, false);
        market.refuse(orderId, "");
        vm.stopPrank();
        _assertUndone(orderId, OrderState.Refused, false);
    }

    function test_refuseAfterOneSidePrepared() public {
        uint256 orderId = _preparing();
        _prepare(user, orderId, USER, root, SIZE);
        vm.prank(miner);
        market.refuse(orderId, "");
        vm.assertEq(market.getOrder(orderId).userPrepare.signer, address(0));
        _assertUndone(orderId, OrderState.Refused, true);
    }

    function test_refuseEvenAfterTheWindow() public {
        uint256 orderId = _preparing();
        _skip(4 * DAY);
        vm.prank(miner);
        market.refuse(orderId, "late");
        _assertUndone(orderId, OrderState.Refused, true);
    }

    function test_reasonsUpTo128Bytes() public {
        uint256 orderId = _preparing();
        _expect(abi.encodeWithSelector(IMarketErrors.TextTooLong.selector, 128, 129));
        vm.prank(miner);
        market.refuse(orderId, string(new bytes(129)));
        vm.prank(miner);
        market.refuse(orderId, string(new bytes(128)));
    }

    function test_refuseOnlyWhilePreparing() public {
        uint256 orderId = _active();
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Preparing, OrderState.Active));
        vm.prank(miner);
        market.refuse(orderId, "");
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownOrder.selector, 7));
        vm.prank(miner);
        market.refuse(7, "");
    }

    function test_cancelByTheUserAtOnce() public {
        uint256 orderId = _preparing();
        vm.expectEmit(address(market));
        emit IMarketEvents.OrderCancelled(orderId, user, COST + RESERVE, true);
        vm.prank(user);
        market.cancelOrder(orderId);
        _assertUndone(orderId, OrderState.Cancelled, true);
    }

    function test_cancelByAnyoneAfterTheWindow() public {
        uint256 orderId = _preparing();
        uint256 deadline = T0 + 3 * DAY;
        uint256[2] memory early = [deadline - 1, deadline];
        for (uint256 i = 0; i < 2; ++i) {
            vm.warp(early[i]);
            _expect(abi.encodeWithSelector(IMarketErrors.PrepareWindowOpen.selector, deadline, early[i]));
            vm.prank(miner);
            market.cancelOrder(orderId);
        }
        vm.warp(deadline + 1);
        vm.prank(stranger);
        market.cancelOrder(orderId);
        vm.assertEq(market.credit(stranger), 0);
        _assertUndone(orderId, OrderState.Cancelled, true);
    }

    function test_capacityReturnsOnlyToALiveBill() public {
        uint256 expiry = T0 + 30 * DAY;
        vm.warp(expiry - DAY);
        vm.warp(T0);
        uint256 orderId = _preparing();
        uint256 snapshot = vm.snapshotState();
        vm.warp(expiry);
        vm.prank(user);
        market.cancelOrder(orderId);
        _assertUndone(orderId, OrderState.Cancelled, true);
        vm.revertToState(snapshot);
        vm.warp(expiry + 1);
        vm.expectEmit(address(market));
        emit IMarketEvents.OrderCancelled(orderId, user, COST + RESERVE, false);
        vm.prank(user);
        market.cancelOrder(orderId);
        vm.assertEq(market.getBill(1).free, BILL_CAPACITY - CAPACITY);
        vm.assertEq(market.credit(miner), PLEDGE);
        _assertSolvent();
        market.cancelBill(1);
        vm.assertEq(market.credit(miner), PRICE * BILL_CAPACITY / 1024 * PLEDGE_RATE);
        _assertSolvent();
    }

    function test_cancelOnlyWhilePreparing() public {
        uint256 orderId = _active();
        _skip(100 * WEEK);
        bytes memory wrong =
            abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Preparing, OrderState.Active);
        _expect(wrong);
        vm.prank(user);
        market.cancelOrder(orderId);
        _expect(wrong);
        vm.prank(stranger);
        market.cancelOrder(orderId);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownOrder.selector, 7));
        market.cancelOrder(7);
    }

    function test_refundedOnce() public {
        uint256 orderId = _preparing();
        vm.startPrank(user);
        market.cancelOrder(orderId);
        bytes memory wrong =
            abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Preparing, OrderState.Cancelled);
        _expect(wrong);
        market.cancelOrder(orderId);
        vm.stopPrank();
        _expect(wrong);
        vm.prank(miner);
        market.refuse(orderId, "");
        _assertUndone(orderId, OrderState.Cancelled, true);
    }

    function test_returnedCapacityIsSoldAgain() public {
        uint256 orderId = _preparing();
        vm.prank(user);
        market.cancelOrder(orderId);
        _agree(_order(1), root, SIZE);
        vm.assertEq(market.getBill(1).free, BILL_CAPACITY - CAPACITY);
        _assertSolvent();
    }
}
