// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderTerms} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

/// @notice No act's gas depends on how many bills and orders there are.
contract ScaleTest is MarketFixture {
    function _measure(uint256[] memory gas_, uint256 act, address caller, bytes memory call_) private {
        vm.prank(caller);
        uint256 before = gasleft();
        (bool success,) = address(market).call(call_);
        gas_[act] = before - gasleft();
        vm.assertTrue(success, vm.toString(act));
    }

    /// @dev In calls of their own, so that the measuring contract's memory does not grow.
    function fill(uint256 count) external {
        for (uint256 i = 0; i < count; ++i) {
            uint256 billId = _bill();
            _order(billId);
            _order(billId);
        }
    }

    /// @dev A life of an order, act by act.
    function life() external returns (uint256[] memory gas_) {
        gas_ = new uint256[](12);
        (uint256 bills, uint256 orders) = market.counts();
        OrderTerms memory terms = _orderTerms(bills + 1);
        uint256 id = orders + 1;
        bytes memory leaf = tree.leafOf(SEED + 3);
        bytes32[] memory path = tree.pathOf(SEED, LEAVES, DEPTH, 3);
        vm.warp(T0);
        _measure(gas_, 0, miner, abi.encodeCall(market.createBill, (_billTerms())));
        _measure(gas_, 1, user, abi.encodeCall(market.createOrder, (terms)));
        _measure(gas_, 2, user, abi.encodeCall(market.prepare, (id, USER, root, SIZE)));
        _measure(gas_, 3, miner, abi.encodeCall(market.prepare, (id, MINER, root, SIZE)));
        _measure(gas_, 4, user, abi.encodeCall(market.challenge, (id, 3)));
        _measure(gas_, 5, miner, abi.encodeCall(market.answer, (id, leaf, path)));
        vm.warp(T0 + 3 * WEEK);
        _measure(gas_, 6, miner, abi.encodeCall(market.claim, (id)));
        _measure(gas_, 7, user, abi.encodeCall(market.extendOrder, (id, 1, PRICE)));
        _measure(gas_, 8, user, abi.encodeCall(market.shorten, (id, WEEKS)));
        vm.warp(T0 + 9 * WEEK);
        _measure(gas_, 9, miner, abi.encodeCall(market.finish, (id)));
        _measure(gas_, 10, miner, abi.encodeCall(market.cancelBill, (bills + 1)));
        _measure(gas_, 11, miner, abi.encodeCall(market.withdraw, (miner)));
    }

    function test_gasAt10AndAt2000() public {
        this.fill(5);
        this.life();
        uint256[] memory few = this.life();
        for (uint256 i = 0; i < 50; ++i) {
            this.fill(20);
        }
        uint256[] memory many = this.life();
        for (uint256 i = 0; i < few.length; ++i) {
            vm.assertEq(many[i], few[i], vm.toString(i));
        }
    }
}
