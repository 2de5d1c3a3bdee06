// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The life of an order; the last four are final. The order of the names is fixed.
enum OrderState {
    Preparing, // escrow and pledge are locked, the two commitments don't agree yet
    Active, // commitments agreed, the miner earns and must answer challenges
    Ended, // over by term, notice or consent; settled
    Cancelled, // called off before it was active; refunded
    Refused, // the miner said no; refunded
    Slashed // a challenge was not answered in time; settled
}

/// @notice Why an order ended. The order of the names is fixed.
enum Ending {
    Term, // its weeks are over
    Notice, // the miner quit
    Consent // both sides stated it
}

/// @notice What the Market is made with, for good. Seconds and basis points.
struct Parameters {
    uint256 week; // seconds of a week
    uint256 prepareWindow; // from an order's creation to the last first agreement
    uint256 answerWindow; // from a challenge to its deadline
    uint256 cooldown; // from a challenge's answer to the next challenge
    uint256 notice; // from a miner's notice to the end
    uint256 maxBillTerm; // longest life of a bill's offer
    uint256 userShare; // of a slashed pledge, basis points
    uint256 reporterShare; // of a slashed pledge, basis points
    uint256 quitShare; // of a quitting miner's pledge to the user, basis points
}

/// @notice What a miner offers.
struct BillTerms {
    uint256 capacity; // MiB, a multiple of step
    uint256 step; // MiB; orders take whole steps
    uint256 price; // token wei per GiB-week; price x step is a multiple of 1,024
    uint256 pledgeRate; // pledge = one week's price x this
    uint256 minWeeks;
    uint256 maxWeeks;
    uint256 bond; // token wei per challenge
    uint256 expiresAt; // last second in which orders are taken
}

/// @notice What a user takes, and the bill that it saw.
struct OrderTerms {
    uint256 billId;
    address expectedMiner; // a reorg that swapped bill ids reverts
    uint256 capacity; // MiB, whole steps of the bill
    uint256 weeks_;
    uint256 maxPrice;
    uint256 minPledgeRate;
    uint256 maxBond;
    uint256 challenges; // bonds in the reserve
}

/// @notice An operator to authorise.
struct Grant {
    address operator; // 0: none
    uint256 scopes;
    uint256 expiresAt;
}

/// @notice An EIP-2612 permit of the caller for the Market.
struct Permit {
    uint256 value; // 0: none
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice A commitment as stated or in force; size in bytes.
struct CommitmentView {
    bytes32 root;
    uint256 size;
}

/// @notice One side's statement of the commitment; all zero when nothing is stated.
struct PrepareView {
    bytes32 root;
    uint256 size;
    address signer;
}

/// @notice The open challenge; deadline 0 when there is none.
struct ChallengeView {
    uint256 leafIndex;
    uint256 deadline;
    uint256 bond;
}

/// @notice A bill as views return it.
struct BillView {
    address miner;
    uint256 capacity; // MiB, less what was shrunk; stays readable after cancelling
    uint256 free; // MiB not sold
    uint256 step;
    uint256 price;
    uint16 pledgeRate;
    uint16 minWeeks;
    uint16 maxWeeks;
    uint256 bond;
    uint256 createdAt;
    uint256 expiresAt;
    bool cancelled;
    uint256 pledge; // token wei locked for what is free
    uint256 previous; // the miner's bill before this one; 0: none
}

/// @notice An order as views return it. In a final state escrow, pledge and reserve are 0.
struct OrderView {
    uint256 billId;
    address user;
    address miner;
    OrderState state;
    uint256 capacity;
    uint16 weeks_; // total, from the start
    uint256 price;
    uint16 pledgeRate;
    uint256 bond;
    uint256 createdAt;
    uint256 start; // 0 before the first agreement
    uint256 endsAt; // last second of the order, notice counted in; 0 before the first agreement
    uint256 escrow; // not yet paid out, earned or not
    uint256 pledge;
    uint256 reserve; // without the open challenge's bond
    uint256 claimed; // paid to the miner so far by claims
    uint256 claimable; // what claim would pay now
    uint256 noticeEndsAt; // 0: no notice given
    uint256 endStatedByUser; // until when the user's wish to end stands; 0: none
    uint256 endStatedByMiner;
    uint256 nextChallengeAt; // no challenge before; 0: none was answered yet
    uint256 previous; // the user's order before this one; 0: none
    CommitmentView commitment; // in force
    PrepareView userPrepare;
    PrepareView minerPrepare;
    ChallengeView challenge;
}

/// @dev A bill in storage: 3 slots.
struct Bill {
    address miner;
    uint72 price;
    uint16 pledgeRate;
    bool cancelled;
    // slot 1
    uint32 capacity;
    uint32 free;
    uint32 step;
    uint16 minWeeks;
    uint16 maxWeeks;
    uint40 createdAt;
    uint40 expiresAt;
    uint40 previous;
    // slot 2
    uint128 bond;
}

/// @dev A statement of a commitment in storage: 2 slots. Without a signer it says nothing; its other fields are then
/// left as they were, because writing over them later is cheaper than writing to zeros.
struct Statement {
    bytes32 root;
    // slot 1
    address signer;
    uint48 leaves;
}

/// @dev An order in storage: 10 slots, of which 2 are written at creation and 2 by the first statement.
/// In a final state only the state counts: the money fields are left as they were and mean nothing.
struct Order {
    address user;
    uint32 capacity;
    uint16 weeks_;
    uint40 start; // 0 before the first agreement
    OrderState state;
    // slot 1
    uint128 reserve; // holds the open challenge's bond, too
    uint40 billId;
    uint40 previous;
    uint40 createdAt;
    uint8 places; // which statement is whose: see Orders
    // slot 2
    uint112 claimed;
    uint40 until; // deadline of the open challenge, else end of the cooldown
    uint48 question; // leaf index + 1 of the open challenge, else 0
    uint40 noticeEndsAt;
    // slot 3
    uint40 endStatedByUser;
    uint40 endStatedByMiner;
    // slots 4 to 9: the user's statement, the miner's, and the commitment in force, in changing places
    Statement[3] statements;
}
