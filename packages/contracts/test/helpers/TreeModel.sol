// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A slow model of the tree, written apart from src/libraries/LeafTree.sol: whole levels, one after the other.
/// Holds a few leaves; everything past them is Z0.
contract TreeModel {
    /// @notice The leaf of a number: 1,024 bytes that differ from all others'.
    function leafOf(uint256 seed) public pure returns (bytes memory leaf) {
        leaf = new bytes(1024);
        for (uint256 i = 0; i < 32; ++i) {
            bytes32 word = keccak256(abi.encode(seed, i));
            assembly {
                mstore(add(add(leaf, 0x20), mul(i, 0x20)), word)
            }
        }
    }

    /// @notice Root of a tree of `depth` levels over the leaves of seeds `first` .. `first + count - 1`.
    function rootOf(uint256 first, uint256 count, uint256 depth) public pure returns (bytes32) {
        bytes32[] memory level = _hashes(first, count);
        bytes32 zero = 0;
        for (uint256 h = 0; h < depth; ++h) {
            level = _up(level, zero);
            zero = sha256(bytes.concat(zero, zero));
        }
        return level.length == 0 ? zero : level[0];
    }

    /// @notice Siblings of leaf `index` in the same tree, the leaf's first.
    function pathOf(uint256 first, uint256 count, uint256 depth, uint256 index)
        public
        pure
        returns (bytes32[] memory path)
    {
        path = new bytes32[](depth);
        bytes32[] memory level = _hashes(first, count);
        bytes32 zero = 0;
        for (uint256 h = 0; h < depth; ++h) {
            uint256 sibling = index % 2 == 0 ? index + 1 : index - 1;
            path[h] = sibling < level.length ? level[sibling] : zero;
            level = _up(level, zero);
            zero = sha256(bytes.concat(zero, zero));
            index /= 2;
        }
    }

    function _hashes(uint256 first, uint256 count) private pure returns (bytes32[] memory level) {
        level = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            level[i] = sha256(leafOf(first + i));
        }
    }

    function _up(bytes32[] memory level, bytes32 zero) private pure returns (bytes32[] memory above) {
        above = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < above.length; ++i) {
            bytes32 right = 2 * i + 1 < level.length ? level[2 * i + 1] : zero;
            above[i] = sha256(bytes.concat(level[2 * i], right));
        }
    }
}
