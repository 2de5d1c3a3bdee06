// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {LeafTree} from "../../src/libraries/LeafTree.sol";
import {BillTerms, OrderTerms} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

/// @notice The vectors that bind the TypeScript tree and this verifier: packages/core/vectors/tree.json.
contract VectorsTest is MarketFixture {
    string private constant FILE = "../core/vectors/tree.json";
    string private json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile(FILE);
    }

    function _count(string memory list) private view returns (uint256 count) {
        while (vm.keyExistsJson(json, string.concat(list, "[", vm.toString(count), "]"))) ++count;
    }

    function _key(string memory list, uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(i), "].", field);
    }

    /// @dev A preparing order of this capacity.
    function _orderOf(uint256 capacity) private returns (uint256) {
        BillTerms memory b = _billTerms();
        (b.capacity, b.step, b.price, b.bond) = (capacity, capacity, 1024, 0);
        vm.prank(miner);
        OrderTerms memory t = _orderTerms(market.createBill(b));
        t.capacity = capacity;
        vm.prank(user);
        return market.createOrder(t);
    }

    function test_everyProofIsAnswered() public {
        uint256 count = _count(".proofs");
        vm.assertGe(count, 30, "proofs");
        for (uint256 i = 0; i < count; ++i) {
            uint256 orderId = _orderOf(vm.parseJsonUint(json, _key(".proofs", i, "capacityMiB")));
            _agree(
                orderId,
                vm.parseJsonBytes32(json, _key(".proofs", i, "root")),
                vm.parseJsonUint(json, _key(".proofs", i, "size"))
            );
            uint256 index = vm.parseJsonUint(json, _key(".proofs", i, "index"));
            vm.prank(user);
            market.challenge(orderId, index);
            bytes memory leaf = vm.parseJsonBytes(json, _key(".proofs", i, "leaf"));
            bytes32[] memory path = vm.parseJsonBytes32Array(json, _key(".proofs", i, "path"));
            market.answer(orderId, leaf, path);
            vm.assertEq(market.getOrder(orderId).challenge.deadline, 0);
        }
    }

    function test_everyBadProofIsRefusedForTheSameReason() public {
        uint256 count = _count(".refused");
        vm.assertGe(count, 30, "refused");
        for (uint256 i = 0; i < count; ++i) {
            _refused(i);
        }
    }

    function _refused(uint256 i) private {
        string memory name = vm.parseJsonString(json, _key(".refused", i, "name"));
        bytes32 code = keccak256(bytes(vm.parseJsonString(json, _key(".refused", i, "code"))));
        uint256 orderId = _orderOf(vm.parseJsonUint(json, _key(".refused", i, "capacityMiB")));
        uint256 size = vm.parseJsonUint(json, _key(".refused", i, "size"));
        bytes32 stated = vm.parseJsonBytes32(json, _key(".refused", i, "root"));
        uint256 index = vm.parseJsonUint(json, _key(".refused", i, "index"));
        // What can't be committed to can't be challenged, so it needs no answer.
        if (size == 0 || stated == 0) {
            vm.expectPartialRevert(size == 0 ? IMarketErrors.BadSize.selector : IMarketErrors.ZeroRoot.selector);
            _prepare(user, orderId, USER, stated, size);
            return;
        }
        _agree(orderId, stated, size);
        if (code == keccak256("PROOF_INDEX_OUT_OF_RANGE")) {
            _expect(abi.encodeWithSelector(IMarketErrors.LeafOutOfRange.selector, size / 1024, index));
            vm.prank(user);
            market.challenge(orderId, index);
            return;
        }
        vm.prank(user);
        market.challenge(orderId, index);
        (bool success, bytes memory reason) = address(market).call(_answerOf(orderId, i));
        vm.assertFalse(success);
        bytes4 expected = code == keccak256("PROOF_LEAF_SIZE")
            ? LeafTree.LeafLength.selector
            : code == keccak256("PROOF_PATH_LENGTH")
                ? LeafTree.PathLength.selector
                : code == keccak256("PROOF_INVALID") ? IMarketErrors.InvalidProof.selector : bytes4(0);
        vm.assertEq(bytes32(bytes4(reason)), bytes32(expected), name);
    }

    function _answerOf(uint256 orderId, uint256 i) private view returns (bytes memory) {
        bytes memory leaf = vm.parseJsonBytes(json, _key(".refused", i, "leaf"));
        bytes32[] memory path = vm.parseJsonBytes32Array(json, _key(".refused", i, "path"));
        return abi.encodeCall(market.answer, (orderId, leaf, path));
    }

    function test_theModelFindsTheSameRoots() public view {
        uint256 count = _count(".trees");
        uint256 checked;
        for (uint256 i = 0; i < count; ++i) {
            uint256 leaves = vm.parseJsonUint(json, _key(".trees", i, "size")) / 1024;
            if (leaves > 100) continue;
            ++checked;
            uint256 depth = vm.parseJsonUint(json, _key(".trees", i, "depth"));
            bytes32 seed = vm.parseJsonBytes32(json, _key(".trees", i, "seed"));
            vm.assertEq(
                _rootByRecursion(seed, leaves, depth, 0),
                vm.parseJsonBytes32(json, _key(".trees", i, "root")),
                vm.parseJsonString(json, _key(".trees", i, "name"))
            );
        }
        vm.assertGe(checked, 4, "small trees");
    }

    /// @dev The tree's definition, word for word.
    function _rootByRecursion(bytes32 seed, uint256 leaves, uint256 level, uint256 position)
        private
        pure
        returns (bytes32)
    {
        if (position << level >= leaves) return _zero(level);
        if (level == 0) return sha256(_leaf(seed, position));
        return sha256(
            bytes.concat(
                _rootByRecursion(seed, leaves, level - 1, 2 * position),
                _rootByRecursion(seed, leaves, level - 1, 2 * position + 1)
            )
        );
    }

    function _zero(uint256 level) private pure returns (bytes32 zero) {
        for (uint256 h = 0; h < level; ++h) {
            zero = sha256(bytes.concat(zero, zero));
        }
    }

    function _leaf(bytes32 seed, uint256 index) private pure returns (bytes memory leaf) {
        for (uint256 j = 0; j < 32; ++j) {
            leaf = bytes.concat(leaf, sha256(abi.encode(seed, index, j)));
        }
    }
}
