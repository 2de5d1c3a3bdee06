// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IMarket} from "./IMarket.sol";
import {BillTerms, Grant, OrderTerms, Parameters, Permit} from "./MarketTypes.sol";
import {Bills} from "./parts/Bills.sol";
import {Challenges} from "./parts/Challenges.sol";
import {MarketBase} from "./parts/MarketBase.sol";
import {Operators} from "./parts/Operators.sol";
import {Orders} from "./parts/Orders.sol";
import {Views} from "./parts/Views.sol";

/// @title The Market: money and promises between users and miners
/// @notice One immutable contract: no proxy, no owner, nobody but the parties' wallets moves their money.
///
/// Invariants, after every call (test/invariant):
///
///  1. trackedTotal == sum over bills of price x free / 1,024 x pledgeRate
///                   + sum over orders that are preparing or active of (cost - claimed + pledge + reserve + open bond)
///                   + sum of credits, and
///     token balance == trackedTotal + what was sent without being asked. Exactly: no sum rounds.
///  2. An order pays out once: to user, miner and reporter together exactly what both sides put into it, less the burn.
///  3. Ended, Cancelled, Refused and Slashed are final: such an order never changes again.
///  4. Preparing -> Active | Cancelled | Refused; Active -> Ended | Slashed. One step per call, no other.
///  5. Nobody's credit falls but by a payment of exactly that credit to that account.
///  6. An order is slashed only when its challenge was open and unanswered at t > deadline.
///  7. From any state, time and anybody's calls empty the Market: no dust, nothing stuck.
///  8. A bill's free capacity and that of its orders add up to the bill.
///  9. At most one challenge of an order is open; an answered one never opens again.
/// 10. An operator never gains a token.
/// 11. No input reaches a panic.
/// 12. No act's gas depends on how many bills or orders there are.
///
/// Every act has one rhythm: check, effect, event, transfer.
contract Market is Operators, Bills, Orders, Challenges, Views {
    /// @notice Fixes token and parameters for good.
    /// @param token_ The ERC-20, with permit and burn; fixed for good.
    /// @param values The parameters; fixed for good.
    constructor(address token_, Parameters memory values) MarketBase(token_, values) {}

    /// @inheritdoc IMarket
    function openAsUser(Permit calldata permit, Grant calldata grant, OrderTerms calldata order)
        external
        payable
        nonReentrant
        returns (uint256 orderId)
    {
        _permit(permit);
        _grantIfNamed(grant);
        orderId = _createOrder(order);
        _sendGasFloat(grant.operator);
    }

    /// @inheritdoc IMarket
    function openAsMiner(
        Permit calldata permit,
        Grant calldata grant,
        BillTerms calldata bill,
        string calldata endpoint
    ) external payable nonReentrant returns (uint256 billId) {
        _permit(permit);
        _grantIfNamed(grant);
        billId = _createBill(bill);
        if (bytes(endpoint).length != 0) _setEndpoint(msg.sender, billId, endpoint);
        _sendGasFloat(grant.operator);
    }

    /// @inheritdoc IMarket
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results) {
        results = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            // Not payable, so msg.value is 0 in every call: nothing can be spent twice.
            // solhint-disable-next-line avoid-low-level-calls
            (bool success, bytes memory result) = address(this).delegatecall(calls[i]);
            if (!success) {
                // solhint-disable-next-line no-inline-assembly
                assembly ("memory-safe") {
                    revert(add(result, 0x20), mload(result))
                }
            }
            results[i] = result;
        }
    }

    /// @dev A permit that somebody else has sent before has done its work; a bad one shows as a missing allowance.
    function _permit(Permit calldata permit) private {
        if (permit.value == 0) return;
        IERC20Permit dmc = IERC20Permit(address(TOKEN));
        // solhint-disable no-empty-blocks
        try dmc.permit(msg.sender, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s) {}
            catch {}
        // solhint-enable no-empty-blocks
    }
}
