// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title DMC, the Market's money
/// @notice 18 decimals, EIP-2612 permit, burnable by its holders; the whole supply is minted once.
contract DmcToken is ERC20, ERC20Permit, ERC20Burnable {
    /// @notice Mints the whole supply.
    /// @param holder Gets the whole supply.
    /// @param supply In token wei.
    constructor(address holder, uint256 supply) ERC20("DMC", "DMC") ERC20Permit("DMC") {
        _mint(holder, supply);
    }
}
