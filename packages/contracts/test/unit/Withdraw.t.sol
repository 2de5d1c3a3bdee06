// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract WithdrawTest is MarketFixture {
    function test_anyonePaysAnAccountItsCredit() public {
        uint256 orderId = _preparing();
        vm.prank(user);
        market.cancelOrder(orderId);
        uint256 before = token.balanceOf(user);
        uint256 tracked = market.trackedTotal();
        vm.expectEmit(address(market));
        emit IMarketEvents.Withdrawn(user, stranger, COST + RESERVE);
        vm.prank(stranger);
        market.withdraw(user);
        vm.assertEq(token.balanceOf(user) - before, COST + RESERVE);
        vm.assertEq(tracked - market.trackedTotal(), COST + RESERVE);
        vm.assertEq(market.credit(user), 0);
        vm.assertEq(token.balanceOf(stranger), FUNDS);
        _assertSolvent();
    }

    function test_onceAndOnlyWithACredit() public {
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToWithdraw.selector, user));
        market.withdraw(user);
        uint256 orderId = _preparing();
        vm.startPrank(user);
        market.cancelOrder(orderId);
        market.withdraw(user);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToWithdraw.selector, user));
        market.withdraw(user);
        vm.stopPrank();
    }

    function test_creditsAddUp() public {
        uint256 billId = _bill();
        uint256 one = _order(billId);
        uint256 two = _order(billId);
        vm.startPrank(user);
        market.cancelOrder(one);
        market.cancelOrder(two);
        vm.stopPrank();
        vm.assertEq(market.credit(user), 2 * (COST + RESERVE));
        market.withdraw(user);
        vm.assertEq(token.balanceOf(user), FUNDS);
        _assertSolvent();
    }

    function test_unsolicitedTokensChangeNothing() public {
        uint256 orderId = _active();
        uint256 tracked = market.trackedTotal();
        token.transfer(address(market), 12_345);
        vm.assertEq(market.trackedTotal(), tracked);
        vm.warp(T0 + WEEKS * WEEK + 1);
        market.finish(orderId);
        market.cancelBill(1);
        market.withdraw(miner);
        market.withdraw(user);
        vm.assertEq(market.trackedTotal(), 0);
        vm.assertEq(token.balanceOf(address(market)), 12_345);
    }
}
