// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "../IMarket.sol";
import {Grant} from "../MarketTypes.sol";
import {MarketBase} from "./MarketBase.sol";

/// @title Agents' keys and addresses: who may act for a wallet, and where a bill's agent answers
/// @notice An operator's scopes are narrow and expire; it never receives tokens.
abstract contract Operators is MarketBase {
    uint256 internal constant MAX_URL_BYTES = 256;

    /// @inheritdoc IMarket
    function setOperator(address operator, uint256 scopes, uint256 expiresAt) external payable nonReentrant {
        _grant(operator, scopes, expiresAt);
        _sendGasFloat(operator);
    }

    /// @inheritdoc IMarket
    function setEndpoint(uint256 billId, string calldata url) external nonReentrant {
        address miner = billId == 0 ? msg.sender : _bill(billId).miner;
        _authorise(miner, ENDPOINT);
        _setEndpoint(miner, billId, url);
    }

    /// @inheritdoc IMarket
    function setDefaultEndpoint(address miner, string calldata url) external nonReentrant {
        _authorise(miner, ENDPOINT);
        _setEndpoint(miner, 0, url);
    }

    function _setEndpoint(address miner, uint256 billId, string calldata url) internal {
        if (bytes(url).length > MAX_URL_BYTES) revert TextTooLong(MAX_URL_BYTES, bytes(url).length);
        _endpoints[miner][billId] = url;
        emit EndpointSet(miner, billId, url);
    }

    function _grant(address operator, uint256 scopes, uint256 expiresAt) internal {
        if (operator == address(0) || operator == msg.sender) revert BadOperator(operator);
        if (scopes > ALL_SCOPES) revert UnknownScopes(ALL_SCOPES, scopes);
        if (scopes == 0) {
            // Nobody means to pay a key that it takes away.
            if (msg.value != 0) revert UnexpectedValue(0, msg.value);
            expiresAt = 0;
        } else if (expiresAt < block.timestamp || expiresAt > type(uint40).max) {
            revert ExpiryOutOfRange(block.timestamp, type(uint40).max, expiresAt);
        }
        _operators[msg.sender][operator] = Authorisation(uint8(scopes), uint40(expiresAt));
        emit OperatorSet(msg.sender, operator, scopes, expiresAt, msg.value);
    }

    /// @dev openAsUser and openAsMiner: the operator is optional, but no value may be left behind.
    function _grantIfNamed(Grant calldata grant) internal {
        if (grant.operator != address(0)) _grant(grant.operator, grant.scopes, grant.expiresAt);
        else if (msg.value != 0) revert UnexpectedValue(0, msg.value);
    }

    /// @dev The last thing that an act does: all of the value goes on, nothing stays.
    function _sendGasFloat(address operator) internal {
        if (msg.value == 0) return;
        (bool success,) = operator.call{value: msg.value}("");
        if (!success) revert GasFloatFailed(operator, msg.value);
    }
}
