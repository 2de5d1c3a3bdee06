// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DmcDevToken} from "../../src/DmcDevToken.sol";
import {DmcToken} from "../../src/DmcToken.sol";
import {TestBase} from "../helpers/TestBase.sol";

contract TokenTest is TestBase {
    function test_isDmcWith18DecimalsAndAFixedSupply() public {
        DmcToken token = new DmcToken(address(this), 5 ether);
        vm.assertEq(token.name(), "DMC");
        vm.assertEq(token.symbol(), "DMC");
        vm.assertEq(uint256(token.decimals()), 18);
        vm.assertEq(token.totalSupply(), 5 ether);
        vm.assertEq(token.balanceOf(address(this)), 5 ether);
        token.burn(2 ether);
        vm.assertEq(token.totalSupply(), 3 ether);
    }

    function test_thePlainTokenHasNoFaucet() public {
        DmcToken token = new DmcToken(address(this), 5 ether);
        (bool success,) = address(token).call(abi.encodeWithSelector(DmcDevToken.faucet.selector));
        vm.assertFalse(success);
    }

    function test_theFaucetGivesUpToItsLimitToEachAddress() public {
        DmcDevToken token = new DmcDevToken(address(this), 0);
        address taker = _actor("taker");
        for (uint256 i = 1; i <= 10; ++i) {
            vm.prank(taker);
            token.faucet();
            vm.assertEq(token.balanceOf(taker), i * 100_000 ether);
            vm.assertEq(token.taken(taker), i * 100_000 ether);
        }
        vm.expectRevert(abi.encodeWithSelector(DmcDevToken.FaucetLimit.selector, 1_000_000 ether, 1_100_000 ether));
        vm.prank(taker);
        token.faucet();
        token.faucet();
        vm.assertEq(token.balanceOf(address(this)), 100_000 ether);
        vm.assertEq(token.totalSupply(), 1_100_000 ether);
    }
}
