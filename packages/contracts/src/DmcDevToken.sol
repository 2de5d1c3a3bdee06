// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DmcToken} from "./DmcToken.sol";

/// @title DMC for devnets: the same token with a faucet
/// @notice Never deployed where tokens have a value: anyone may mint.
contract DmcDevToken is DmcToken {
    /// @notice Token wei of one call.
    uint256 public constant FAUCET_AMOUNT = 100_000 ether;
    /// @notice Token wei that one address may take in all.
    uint256 public constant FAUCET_LIMIT = 1_000_000 ether;

    /// @notice Token wei that an address took so far.
    mapping(address taker => uint256 amount) public taken;

    /// @notice Thrown when an address asks for more than FAUCET_LIMIT in all.
    error FaucetLimit(uint256 limit, uint256 wouldHaveTaken);

    /// @notice Mints the initial supply.
    /// @param holder Gets the initial supply.
    /// @param supply In token wei.
    constructor(address holder, uint256 supply) DmcToken(holder, supply) {}

    /// @notice Mints FAUCET_AMOUNT to the caller, at most FAUCET_LIMIT in all.
    function faucet() external {
        uint256 total = taken[msg.sender] + FAUCET_AMOUNT;
        if (total > FAUCET_LIMIT) revert FaucetLimit(FAUCET_LIMIT, total);
        taken[msg.sender] = total;
        _mint(msg.sender, FAUCET_AMOUNT);
    }
}
