// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {OrderState} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract MulticallTest is MarketFixture {
    function test_severalActsOfTheCallerInOne() public {
        uint256 billId = _bill();
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(market.createOrder, (_orderTerms(billId)));
        calls[1] = abi.encodeCall(market.prepare, (1, USER, root, SIZE));
        calls[2] = abi.encodeCall(market.setOperator, (userAgent, PREPARE, T0 + 5));
        vm.prank(user);
        bytes[] memory results = market.multicall(calls);
        vm.assertEq(results.length, 3);
        vm.assertEq(abi.decode(results[0], (uint256)), 1);
        vm.assertEq(results[1].length, 0);
        vm.assertEq(market.getOrder(1).userPrepare.signer, user);
        (uint8 scopes,) = market.operatorOf(user, userAgent);
        vm.assertEq(scopes, PREPARE);
        _assertSolvent();
    }

    function test_allOrNone() public {
        uint256 billId = _bill();
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(market.createOrder, (_orderTerms(billId)));
        calls[1] = abi.encodeCall(market.claim, (1));
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Preparing));
        vm.prank(user);
        market.multicall(calls);
        (, uint256 orders) = market.counts();
        vm.assertEq(orders, 0);
    }

    function test_takesNoValue() public {
        vm.deal(user, 1 ether);
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(market.setOperator, (userAgent, PREPARE, T0 + 5));
        vm.prank(user);
        (bool success,) = address(market).call{value: 1}(abi.encodeCall(market.multicall, (calls)));
        vm.assertFalse(success);
        // Nested, too, no value can appear.
        bytes[] memory nested = new bytes[](1);
        nested[0] = abi.encodeCall(market.multicall, (calls));
        vm.prank(user);
        market.multicall(nested);
        vm.assertEq(userAgent.balance, 0);
    }

    function test_nothingToDo() public {
        vm.assertEq(market.multicall(new bytes[](0)).length, 0);
    }

    function test_rightsAreTheCallersNotTheMarkets() public {
        uint256 orderId = _active();
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(market.quit, (orderId));
        _expect(abi.encodeWithSelector(IMarketErrors.NotOwner.selector, miner, stranger));
        vm.prank(stranger);
        market.multicall(calls);
        vm.prank(miner);
        market.multicall(calls);
        vm.assertEq(market.getOrder(orderId).noticeEndsAt, T0 + 7 * DAY);
    }
}
