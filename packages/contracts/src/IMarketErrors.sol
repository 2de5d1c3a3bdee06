// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderState} from "./MarketTypes.sol";

/// @title What the Market refuses
/// @notice The expected value comes first, then the actual one.
interface IMarketErrors {
    // ------------------------------------------------------------------ parameters
    /// @notice Thrown by the constructor for a parameter that is 0; counted from 0 in the order of Parameters.
    error ZeroParameter(uint256 position);
    /// @notice Thrown by the constructor when a challenge could not be answered and repeated within the notice.
    error WindowsTooLong(uint256 notice, uint256 answerWindowAndCooldown);
    /// @notice Thrown by the constructor when shares exceed what there is to share.
    error SharesTooHigh(uint256 max, uint256 actual);
    /// @notice Thrown by the constructor when the token's address holds no code.
    error NotAContract(address account);

    // ------------------------------------------------------------------ amounts and terms
    /// @notice Thrown for a number that does not fit its type or its place.
    error OutOfRange(uint256 max, uint256 actual);
    /// @notice Thrown for a capacity of 0.
    error ZeroCapacity();
    /// @notice Thrown for a step of 0.
    error ZeroStep();
    /// @notice Thrown for a price of 0.
    error ZeroPrice();
    /// @notice Thrown for a pledge rate of 0.
    error ZeroPledgeRate();
    /// @notice Thrown when nothing would be added to a reserve.
    error ZeroAmount();
    /// @notice Thrown for a capacity that is not a multiple of the bill's step.
    error NotMultiple(uint256 step, uint256 capacity);
    /// @notice Thrown when price x step is not a multiple of 1,024, so that money would have to be rounded.
    error PriceNotDivisible(uint256 divisor, uint256 priceTimesStep);
    /// @notice Thrown for weeks outside what is allowed.
    error WeeksOutOfRange(uint256 min, uint256 max, uint256 actual);
    /// @notice Thrown for an expiry outside what is allowed.
    error ExpiryOutOfRange(uint256 min, uint256 max, uint256 actual);
    /// @notice Thrown for a text that is too long.
    error TextTooLong(uint256 maxBytes, uint256 actual);

    // ------------------------------------------------------------------ bills and orders
    /// @notice Thrown for a bill id that was never given.
    error UnknownBill(uint256 billId);
    /// @notice Thrown for an order id that was never given.
    error UnknownOrder(uint256 orderId);
    /// @notice Thrown for an act on a bill that is cancelled.
    error BillIsCancelled(uint256 billId);
    /// @notice Thrown for an order on a bill, or an extension, after the bill's expiry.
    error BillExpired(uint256 expiresAt, uint256 timestamp);
    /// @notice Thrown for a stranger's cancelling of a bill before its expiry.
    error BillNotExpired(uint256 expiresAt, uint256 timestamp);
    /// @notice Thrown when the bill belongs to another miner than the user saw.
    error MinerChanged(address expected, address actual);
    /// @notice Thrown when a miner orders from itself.
    error SelfOrder(address miner);
    /// @notice Thrown when a bill has less free capacity than is asked for.
    error NotEnoughCapacity(uint256 free, uint256 wanted);
    /// @notice Thrown for a bill that is dearer than the user agrees to.
    error PriceTooHigh(uint256 maxPrice, uint256 price);
    /// @notice Thrown for a bill that pledges less than the user wants.
    error PledgeRateTooLow(uint256 minPledgeRate, uint256 pledgeRate);
    /// @notice Thrown for a bill whose bond is higher than the user agrees to.
    error BondTooHigh(uint256 maxBond, uint256 bond);
    /// @notice Thrown for an act that the order's state does not allow.
    error WrongState(OrderState expected, OrderState actual);
    /// @notice Thrown for any act but answer, slash and topUp while a challenge is open, late or not.
    error ChallengeOpen(uint256 orderId, uint256 deadline);
    /// @notice Thrown for an act on an order that is over and waits for finish.
    error OrderOver(uint256 endsAt, uint256 timestamp);
    /// @notice Thrown by finish while the order still runs.
    error OrderNotOver(uint256 endsAt, uint256 timestamp);
    /// @notice Thrown for a stranger's cancelling of an order within the prepare window.
    error PrepareWindowOpen(uint256 deadline, uint256 timestamp);
    /// @notice Thrown for a first prepare after the prepare window.
    error PrepareWindowOver(uint256 deadline, uint256 timestamp);
    /// @notice Thrown when an extended order would end too late.
    error EndTooLate(uint256 latest, uint256 actual);
    /// @notice Thrown when a shortened order would have ended before now.
    error EndInPast(uint256 timestamp, uint256 actual);
    /// @notice Thrown when the miner's notice was given before.
    error NoticeGiven(uint256 noticeEndsAt);
    /// @notice Thrown when a notice would end at or after the order's end.
    error NoticeTooLate(uint256 endsAt, uint256 noticeEndsAt);
    /// @notice Thrown by claim when nothing can be claimed yet.
    error NothingToClaim(uint256 orderId);
    /// @notice Thrown by withdraw when there is no credit.
    error NothingToWithdraw(address account);

    // ------------------------------------------------------------------ commitments
    /// @notice Thrown for a commitment with root 0 and a size.
    error ZeroRoot();
    /// @notice Thrown for a size that is 0 or not a multiple of 1,024.
    error BadSize(uint256 multiple, uint256 actual);
    /// @notice Thrown for a size above the order's capacity.
    error SizeTooLarge(uint256 max, uint256 actual);
    /// @notice Thrown for a size below the commitment in force.
    error SizeShrinks(uint256 min, uint256 actual);

    // ------------------------------------------------------------------ challenges
    /// @notice Thrown by answer and slash when no challenge is open.
    error NoChallenge(uint256 orderId);
    /// @notice Thrown by challenge during the cooldown.
    error CooldownActive(uint256 until, uint256 timestamp);
    /// @notice Thrown by challenge for a leaf past the data.
    error LeafOutOfRange(uint256 leaves, uint256 leafIndex);
    /// @notice Thrown by challenge when the reserve does not hold one bond.
    error ReserveTooSmall(uint256 bond, uint256 reserve);
    /// @notice Thrown by answer after the deadline.
    error AnswerTooLate(uint256 deadline, uint256 timestamp);
    /// @notice Thrown by slash until the deadline is over.
    error AnswerNotLate(uint256 deadline, uint256 timestamp);
    /// @notice Thrown by answer when leaf and path do not lead to the order's root.
    error InvalidProof(bytes32 root, bytes32 computed);
    /// @notice Thrown by slash when the reward would go to an operator of the order's user or miner.
    error RewardToOperator(address owner, address operator);
    /// @notice Thrown by slash when the reward would go to nobody or to the Market.
    error BadRewardAddress(address rewardTo);

    // ------------------------------------------------------------------ callers and operators
    /// @notice Thrown for a caller that is not the one wallet which may.
    error NotOwner(address owner, address caller);
    /// @notice Thrown by end for a caller that is neither side's wallet.
    error NotParty(address user, address miner, address caller);
    /// @notice Thrown for a caller that is neither the owner nor one of its operators.
    error OperatorUnknown(address owner, address caller);
    /// @notice Thrown for an operator whose authorisation has expired.
    error OperatorExpired(uint256 expiresAt, uint256 timestamp);
    /// @notice Thrown for an operator that is authorised, but not for this act.
    error OperatorScope(uint256 required, uint256 scopes);
    /// @notice Thrown by setOperator for the zero address or the caller itself.
    error BadOperator(address operator);
    /// @notice Thrown by setOperator for bits that mean nothing.
    error UnknownScopes(uint256 known, uint256 scopes);
    /// @notice Thrown for a value that nobody would receive.
    error UnexpectedValue(uint256 expected, uint256 actual);
    /// @notice Thrown when the operator does not take its gas float.
    error GasFloatFailed(address operator, uint256 value);

    // ------------------------------------------------------------------ token
    /// @notice Thrown when the token does not move exactly what was asked.
    error TransferAmountMismatch(uint256 expected, uint256 actual);
}
