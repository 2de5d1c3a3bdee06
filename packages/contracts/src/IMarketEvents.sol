// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ending} from "./MarketTypes.sol";

/// @title What the Market tells
/// @notice Every change has its event, and the events together rebuild the whole state.
/// What an event says was freed, refunded, claimed or paid "to" a side was credited to that side's wallet, unless it
/// says that it went back to the bill: credit = sum of these - sum of Withdrawn.
interface IMarketEvents {
    // ------------------------------------------------------------------ operators and endpoints
    /// @notice Emitted when an operator is authorised or, with scopes 0, revoked; gasFloat is what it was sent, in wei.
    event OperatorSet(
        address indexed owner, address indexed operator, uint256 scopes, uint256 expiresAt, uint256 gasFloat
    );
    /// @notice Emitted when an endpoint is set; billId 0: the miner's default.
    event EndpointSet(address indexed miner, uint256 indexed billId, string url);

    // ------------------------------------------------------------------ bills
    /// @notice Emitted for a new bill.
    event BillCreated(
        uint256 indexed billId,
        address indexed miner,
        uint256 capacity,
        uint256 step,
        uint256 price,
        uint256 pledgeRate,
        uint256 minWeeks,
        uint256 maxWeeks,
        uint256 bond,
        uint256 expiresAt,
        uint256 pledge
    );
    /// @notice Emitted when unsold capacity is taken off a bill.
    event BillShrunk(uint256 indexed billId, uint256 capacity, uint256 free, uint256 pledgeFreed);
    /// @notice Emitted when a bill is closed.
    event BillCancelled(uint256 indexed billId, address caller, uint256 pledgeFreed);

    // ------------------------------------------------------------------ orders
    /// @notice Emitted for a new order.
    event OrderCreated(
        uint256 indexed orderId,
        uint256 indexed billId,
        address indexed user,
        address miner,
        uint256 capacity,
        uint256 weeks_,
        uint256 price,
        uint256 pledgeRate,
        uint256 bond,
        uint256 escrow,
        uint256 pledge,
        uint256 reserve
    );
    /// @notice Emitted when a side (0 user, 1 miner) states a commitment; root 0: it withdraws.
    event Prepared(uint256 indexed orderId, uint256 indexed side, bytes32 root, uint256 size, address signer);
    /// @notice Emitted when the commitments agree for the first time.
    event OrderActivated(uint256 indexed orderId, bytes32 root, uint256 size, uint256 start, uint256 endsAt);
    /// @notice Emitted when the commitments of an active order agree anew.
    event CommitmentReplaced(uint256 indexed orderId, bytes32 root, uint256 size);
    /// @notice Emitted when the miner refuses; capacityReturned: the bill has the capacity and pledge back.
    event OrderRefused(uint256 indexed orderId, address caller, string reason, uint256 refund, bool capacityReturned);
    /// @notice Emitted when a preparing order is called off; capacityReturned: as above.
    event OrderCancelled(uint256 indexed orderId, address caller, uint256 refund, bool capacityReturned);
    /// @notice Emitted when weeks are added; weeks_ is the new total.
    event OrderExtended(uint256 indexed orderId, uint256 weeks_, uint256 endsAt, uint256 cost);
    /// @notice Emitted when weeks are taken off; weeks_ is the new total.
    event OrderShortened(uint256 indexed orderId, uint256 weeks_, uint256 endsAt, uint256 refund);
    /// @notice Emitted when bonds are added to a reserve.
    event ReserveToppedUp(uint256 indexed orderId, address from, uint256 challenges, uint256 amount);

    // ------------------------------------------------------------------ challenges
    /// @notice Emitted for a new challenge.
    event ChallengeOpened(
        uint256 indexed orderId, uint256 leafIndex, uint256 deadline, uint256 bond, address challenger
    );
    /// @notice Emitted for a valid answer.
    event ChallengeAnswered(uint256 indexed orderId, uint256 leafIndex, uint256 bond, address caller);
    /// @notice Emitted when an order is slashed: what the user and rewardTo were credited, and what was burned.
    event OrderSlashed(
        uint256 indexed orderId, address indexed rewardTo, uint256 toUser, uint256 reward, uint256 burned
    );

    // ------------------------------------------------------------------ settlement
    /// @notice Emitted when the miner is credited with accrual.
    event Claimed(uint256 indexed orderId, uint256 amount);
    /// @notice Emitted when a side (0 user, 1 miner) states until when it wishes to end; 0: not any more.
    event EndStated(uint256 indexed orderId, uint256 indexed side, uint256 validUntil);
    /// @notice Emitted when both sides' wishes to end are cleared by another act.
    event EndCleared(uint256 indexed orderId);
    /// @notice Emitted when the miner gives notice.
    event NoticeStarted(uint256 indexed orderId, uint256 noticeEndsAt);
    /// @notice Emitted when an order is settled, with what both sides were credited now.
    event OrderEnded(uint256 indexed orderId, Ending ending, uint256 toUser, uint256 toMiner);

    // ------------------------------------------------------------------ money
    /// @notice Emitted when an account's credit is paid to it.
    event Withdrawn(address indexed account, address caller, uint256 amount);
}
