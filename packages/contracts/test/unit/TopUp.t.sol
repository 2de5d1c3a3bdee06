// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {BillTerms, OrderState, OrderTerms} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract TopUpTest is MarketFixture {
    function test_anyoneAddsAndTheUserGetsItBack() public {
        uint256 orderId = _preparing();
        uint256 before = token.balanceOf(stranger);
        vm.expectEmit(address(market));
        emit IMarketEvents.ReserveToppedUp(orderId, stranger, 3, 3 * BOND);
        vm.prank(stranger);
        market.topUp(orderId, 3);
        vm.assertEq(before - token.balanceOf(stranger), 3 * BOND);
        vm.assertEq(market.getOrder(orderId).reserve, 5 * BOND);
        _assertSolvent();
        vm.prank(user);
        market.cancelOrder(orderId);
        vm.assertEq(market.credit(user), COST + 5 * BOND);
        _assertSolvent();
    }

    function test_whileActiveAndWhileChallenged() public {
        uint256 orderId = _challenged();
        vm.prank(stranger);
        market.topUp(orderId, 1);
        vm.assertEq(market.getOrder(orderId).reserve, 2 * BOND);
        vm.assertEq(market.getOrder(orderId).challenge.bond, BOND);
        _skip(10 * WEEK);
        vm.prank(stranger);
        market.topUp(orderId, 1);
        _assertSolvent();
        market.slash(orderId, stranger);
        vm.assertEq(market.credit(user), COST + 4 * BOND + PLEDGE / 2);
        _assertSolvent();
    }

    function test_notNothing() public {
        uint256 orderId = _preparing();
        _expect(abi.encodeWithSelector(IMarketErrors.ZeroAmount.selector));
        market.topUp(orderId, 0);
        BillTerms memory terms = _billTerms();
        terms.bond = 0;
        vm.prank(miner);
        uint256 free = _order(market.createBill(terms));
        _expect(abi.encodeWithSelector(IMarketErrors.ZeroAmount.selector));
        market.topUp(free, 1);
    }

    function test_amountsThatFit() public {
        uint256 orderId = _preparing();
        uint256 tooMany = uint256(type(uint32).max) + 1;
        _expect(abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, type(uint32).max, tooMany));
        market.topUp(orderId, tooMany);

        BillTerms memory b = _billTerms();
        b.bond = type(uint128).max;
        vm.prank(miner);
        OrderTerms memory t = _orderTerms(market.createBill(b));
        t.maxBond = b.bond;
        t.challenges = 0;
        token.approve(address(market), type(uint256).max);
        vm.prank(user);
        uint256 rich = market.createOrder(t);
        market.topUp(rich, 1);
        vm.assertEq(market.getOrder(rich).reserve, type(uint128).max);
        _expect(abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, type(uint128).max, 2 * b.bond));
        market.topUp(rich, 1);
        _assertSolvent();
    }

    function test_notInFinalStates() public {
        uint256 orderId = _preparing();
        vm.prank(user);
        market.cancelOrder(orderId);
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Cancelled));
        vm.prank(stranger);
        market.topUp(orderId, 1);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownOrder.selector, 2));
        market.topUp(2, 1);
    }
}
