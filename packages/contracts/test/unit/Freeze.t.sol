// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {OrderState} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

/// @notice While a challenge is open, or late and not slashed, only answer, slash and topUp act on its order.
contract FreezeTest is MarketFixture {
    uint256 private orderId;

    function setUp() public override {
        super.setUp();
        orderId = _active();
        vm.warp(T0 + 2 * WEEK);
        vm.prank(user);
        market.challenge(orderId, 3);
    }

    function _assertFrozen() private {
        bytes[] memory calls = new bytes[](12);
        calls[0] = abi.encodeCall(market.prepare, (orderId, USER, root, SIZE));
        calls[1] = abi.encodeCall(market.prepare, (orderId, MINER, root, SIZE));
        calls[2] = abi.encodeCall(market.prepare, (orderId, USER, 0, 0));
        calls[3] = abi.encodeCall(market.refuse, (orderId, ""));
        calls[4] = abi.encodeCall(market.cancelOrder, (orderId));
        calls[5] = abi.encodeCall(market.extendOrder, (orderId, 1, PRICE));
        calls[6] = abi.encodeCall(market.shorten, (orderId, 4));
        calls[7] = abi.encodeCall(market.challenge, (orderId, 0));
        calls[8] = abi.encodeCall(market.claim, (orderId));
        calls[9] = abi.encodeCall(market.finish, (orderId));
        calls[10] = abi.encodeCall(market.end, (orderId, T0 + 100 * WEEK));
        calls[11] = abi.encodeCall(market.quit, (orderId));
        address[3] memory callers = [user, miner, stranger];
        uint256 deadline = T0 + 2 * WEEK + DAY;
        bytes memory expected = abi.encodeWithSelector(IMarketErrors.ChallengeOpen.selector, orderId, deadline);
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 k = 0; k < callers.length; ++k) {
                vm.prank(callers[k]);
                (bool success, bytes memory reason) = address(market).call(calls[i]);
                vm.assertFalse(success);
                vm.assertEq(reason, expected, vm.toString(i));
            }
        }
        _assertSolvent();
    }

    function test_whileItIsOpen() public {
        _assertFrozen();
        vm.warp(T0 + 2 * WEEK + DAY);
        _assertFrozen();
        _answer(orderId, 3);
        market.claim(orderId);
        _assertSolvent();
    }

    function test_whileItIsLateAndNotSlashed() public {
        vm.warp(T0 + 2 * WEEK + DAY + 1);
        _assertFrozen();
        vm.warp(T0 + 400 * WEEK);
        _assertFrozen();
        vm.prank(stranger);
        market.topUp(orderId, 1);
        market.slash(orderId, stranger);
        _assertState(orderId, OrderState.Slashed);
        _assertSolvent();
    }

    function test_itsBillAndOtherOrdersAreFree() public {
        uint256 second = _order(1);
        _agree(second, root, SIZE);
        vm.startPrank(miner);
        market.shrinkBill(1, STEP);
        market.cancelBill(1);
        market.quit(second);
        vm.stopPrank();
        _assertSolvent();
    }
}
