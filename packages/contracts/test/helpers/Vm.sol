// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The part of forge's cheat codes that these tests use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function warp(uint256 timestamp) external;
    function prank(address sender) external;
    function startPrank(address sender) external;
    function stopPrank() external;
    function deal(address account, uint256 balance) external;
    function etch(address account, bytes calldata code) external;
    function store(address account, bytes32 slot, bytes32 value) external;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function label(address account, string calldata name) external;
    function getCode(string calldata artifact) external view returns (bytes memory);
    function deployCode(string calldata artifact, bytes calldata arguments) external returns (address);
    function mockCallRevert(address callee, bytes calldata data, bytes calldata revertData) external;
    function clearMockedCalls() external;
    function expectRevert() external;
    function expectRevert(bytes calldata data) external;
    function expectRevert(bytes4 selector) external;
    function expectPartialRevert(bytes4 selector) external;
    function expectEmit(address emitter) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function snapshotState() external returns (uint256);
    function revertToState(uint256 id) external returns (bool);
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function readFile(string calldata path) external view returns (string memory);
    function exists(string calldata path) external view returns (bool);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonBytes32Array(string calldata json, string calldata key) external pure returns (bytes32[] memory);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);
    function keyExistsJson(string calldata json, string calldata key) external view returns (bool);
    function toString(uint256 value) external pure returns (string memory);
    function envOr(string calldata name, uint256 fallback_) external view returns (uint256);
    function assume(bool condition) external pure;

    function assertTrue(bool value) external pure;
    function assertTrue(bool value, string calldata why) external pure;
    function assertFalse(bool value) external pure;
    function assertEq(uint256 actual, uint256 expected) external pure;
    function assertEq(uint256 actual, uint256 expected, string calldata why) external pure;
    function assertEq(address actual, address expected) external pure;
    function assertEq(bytes32 actual, bytes32 expected) external pure;
    function assertEq(bytes calldata actual, bytes calldata expected) external pure;
    function assertEq(string calldata actual, string calldata expected) external pure;
    function assertEq(bool actual, bool expected) external pure;
    function assertEq(bytes32 actual, bytes32 expected, string calldata why) external pure;
    function assertEq(bytes calldata actual, bytes calldata expected, string calldata why) external pure;
    function assertLe(uint256 actual, uint256 limit, string calldata why) external pure;
    function assertGe(uint256 actual, uint256 limit, string calldata why) external pure;
}
