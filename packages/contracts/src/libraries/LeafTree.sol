// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The tree that a commitment's root belongs to, as far as a proof needs it
/// @notice SHA-256. Leaf hash = sha256(1,024 bytes), node = sha256(left || right), depth fixed by the capacity.
/// Leaves are never partial, so a leaf (1,024 bytes) can't be taken for a node (64 bytes), nor for another depth.
/// Positions past the data are Z0 = 32 zero bytes, which no leaf hashes to: they can't be proved.
library LeafTree {
    /// @notice Bytes of a leaf.
    uint256 internal constant LEAF_BYTES = 1024;

    /// @notice Thrown when a proof's leaf is not exactly one leaf.
    error LeafLength(uint256 expected, uint256 actual);
    /// @notice Thrown when a proof's path does not hold exactly one sibling per level.
    error PathLength(uint256 expected, uint256 actual);
    /// @notice Thrown when a call of the SHA-256 precompile fails (out of gas, or a chain without it).
    error HashFailed();

    /// @notice Levels between a leaf and the root: 10 + ceil(log2(capacity)).
    /// @param capacity MiB, at least 1.
    function depth(uint256 capacity) internal pure returns (uint256) {
        return capacity < 2 ? 10 : 11 + Math.log2(capacity - 1);
    }

    /// @notice The root that a leaf and its siblings, from the leaf's up, lead to.
    /// @param leaf The leaf's 1,024 bytes.
    /// @param path Siblings, the leaf's first.
    /// @param index The leaf's position; bit i = 0: the node of level i is the left one.
    /// @param levels Depth of the tree.
    /// @return node The root.
    function rootOf(bytes calldata leaf, bytes32[] calldata path, uint256 index, uint256 levels)
        internal
        view
        returns (bytes32 node)
    {
        if (leaf.length != LEAF_BYTES) revert LeafLength(LEAF_BYTES, leaf.length);
        if (path.length != levels) revert PathLength(levels, path.length);
        bool ok;
        // The loop of sha256 calls is the price of an answer, so it runs in the scratch space (0x00 to 0x3f).
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            calldatacopy(buffer, leaf.offset, LEAF_BYTES)
            let success := staticcall(gas(), 2, buffer, LEAF_BYTES, 0x00, 0x20)
            ok := and(success, eq(returndatasize(), 0x20))
            node := mload(0x00)
            for { let i := 0 } lt(i, levels) { i := add(i, 1) } {
                let at := shl(5, and(shr(i, index), 1))
                mstore(at, node)
                mstore(xor(at, 0x20), calldataload(add(path.offset, shl(5, i))))
                success := staticcall(gas(), 2, 0x00, 0x40, 0x00, 0x20)
                ok := and(ok, and(success, eq(returndatasize(), 0x20)))
                node := mload(0x00)
            }
        }
        if (!ok) revert HashFailed();
    }
}
