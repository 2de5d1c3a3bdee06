// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "./IMarketErrors.sol";
import {IMarketEvents} from "./IMarketEvents.sol";
import {BillTerms, BillView, Grant, OrderTerms, OrderView, Parameters, Permit} from "./MarketTypes.sol";

/// @title The Market: bills, orders, commitments, challenges and the money behind them
/// @notice Capacity in MiB, price in token wei per GiB-week, money in token wei, times in unix seconds, sizes in bytes.
/// t <= deadline is in time, t > deadline is late, for both sides and everywhere.
interface IMarket is IMarketEvents, IMarketErrors {
    // ------------------------------------------------------------------ operators and endpoints

    /// @notice Lets `operator` act for the caller within `scopes` until `expiresAt`; scopes 0 revoke. Forwards exactly
    /// the value sent, as a gas float for the operator.
    /// @param operator The agent's key: neither zero, nor the caller.
    /// @param scopes Bit set: 1 PREPARE, 2 CHALLENGE, 4 REFUSE, 8 ENDPOINT.
    /// @param expiresAt Last second in which the operator may act.
    function setOperator(address operator, uint256 scopes, uint256 expiresAt) external payable;

    /// @notice Says where a bill's agent answers. Caller: the miner, or its operator with ENDPOINT.
    /// @param billId The bill; 0: the default for all bills of the caller itself.
    /// @param url At most 256 bytes; empty removes it.
    function setEndpoint(uint256 billId, string calldata url) external;

    /// @notice Says where the agent of all of a miner's bills without an own endpoint answers. Caller: as above.
    /// @param miner Whose default.
    /// @param url At most 256 bytes; empty removes it.
    function setDefaultEndpoint(address miner, string calldata url) external;

    // ------------------------------------------------------------------ bills

    /// @notice Offers capacity and locks the whole pledge.
    /// @param terms The bill's terms; orders take whole steps; price x step is a multiple of 1,024.
    /// @return billId The new bill's id, from 1.
    function createBill(BillTerms calldata terms) external returns (uint256 billId);

    /// @notice Takes unsold capacity off a bill and frees its pledge. Caller: the miner.
    /// @param billId The bill.
    /// @param capacity What to take off: whole steps.
    function shrinkBill(uint256 billId, uint256 capacity) external;

    /// @notice Closes a bill and frees the pledge of what is unsold; its orders stay. Caller: the miner, or anyone
    /// after the bill's expiry.
    /// @param billId The bill.
    function cancelBill(uint256 billId) external;

    // ------------------------------------------------------------------ orders

    /// @notice Takes part of a bill: locks escrow and reserve; the pledge share moves from bill to order.
    /// @param terms The order's terms.
    /// @return orderId The new order's id, from 1.
    function createOrder(OrderTerms calldata terms) external returns (uint256 orderId);

    /// @notice States one side's commitment; equal statements of both sides make the order active, or replace the
    /// commitment of an active one. Root 0 with size 0 withdraws. Caller: that side, or its operator with PREPARE.
    /// @param orderId The order.
    /// @param side 0 the user, 1 the miner.
    /// @param root The tree's root.
    /// @param size Bytes: a multiple of 1,024, at most the capacity, never less than the commitment in force.
    function prepare(uint256 orderId, uint256 side, bytes32 root, uint256 size) external;

    /// @notice Gives a preparing order back, in full and at once. Caller: the miner, or its operator with REFUSE.
    /// @param orderId The order.
    /// @param reason For the user, at most 128 bytes.
    function refuse(uint256 orderId, string calldata reason) external;

    /// @notice Calls a preparing order off, with a full refund. Caller: the user, or anyone after the prepare window.
    /// @param orderId The order.
    function cancelOrder(uint256 orderId) external;

    /// @notice Adds weeks to an active order at the bill's price. Caller: the user.
    /// @param orderId The order.
    /// @param weeks_ Weeks to add.
    /// @param maxPrice Highest price that the caller agrees to.
    function extendOrder(uint256 orderId, uint256 weeks_, uint256 maxPrice) external;

    /// @notice Ends an active order earlier and credits the excess at once. Caller: the user.
    /// @param orderId The order.
    /// @param weeks_ New total of weeks, from the order's start.
    function shorten(uint256 orderId, uint256 weeks_) external;

    /// @notice Adds bonds to an order's reserve. Caller: anyone; the reserve returns to the user.
    /// @param orderId The order.
    /// @param challenges How many bonds.
    function topUp(uint256 orderId, uint256 challenges) external;

    // ------------------------------------------------------------------ challenges

    /// @notice Asks the miner for one leaf; its bond comes from the reserve. Caller: the user, or its operator with
    /// CHALLENGE.
    /// @param orderId The order.
    /// @param leafIndex Below size / 1,024.
    function challenge(uint256 orderId, uint256 leafIndex) external;

    /// @notice Answers the open challenge. A wrong answer reverts and changes nothing. Caller: anyone.
    /// @param orderId The order.
    /// @param leaf The leaf's 1,024 bytes.
    /// @param path One sibling for each level, the leaf's first.
    function answer(uint256 orderId, bytes calldata leaf, bytes32[] calldata path) external;

    /// @notice Ends an order whose challenge was not answered in time: the user gets back what is not yet paid out and
    /// its share of the pledge, `rewardTo` a small share, the rest is burned. Caller: anyone.
    /// @param orderId The order.
    /// @param rewardTo Gets the reporter's share; an operator of either side is refused.
    function slash(uint256 orderId, address rewardTo) external;

    // ------------------------------------------------------------------ settlement

    /// @notice Credits the miner with what it earned until one week ago. Caller: anyone.
    /// @param orderId The order.
    function claim(uint256 orderId) external;

    /// @notice Settles an order that is over: the rest to the miner, pledge and reserve back. Caller: anyone.
    /// @param orderId The order.
    function finish(uint256 orderId) external;

    /// @notice States the wish to end an active order now; when both sides' wishes stand, it ends. Callers: both
    /// wallets, no operator.
    /// @param orderId The order.
    /// @param validUntil Until when the wish stands; 0 withdraws it.
    function end(uint256 orderId, uint256 validUntil) external;

    /// @notice Gives notice: after it the order ends and the user gets the quit share of the pledge. Caller: the miner.
    /// @param orderId The order.
    function quit(uint256 orderId) external;

    /// @notice Pays an account's credit to that account. Caller: anyone.
    /// @param account Whose credit.
    function withdraw(address account) external;

    // ------------------------------------------------------------------ several acts at once

    /// @notice A first order in one transaction: permit, operator with its gas float, order.
    /// @param permit An EIP-2612 permit for the Market; value 0: none. A used one is harmless.
    /// @param grant As in setOperator; operator 0: none.
    /// @param order As in createOrder.
    /// @return orderId The new order's id.
    function openAsUser(Permit calldata permit, Grant calldata grant, OrderTerms calldata order)
        external
        payable
        returns (uint256 orderId);

    /// @notice A first bill in one transaction: permit, operator with its gas float, bill, its endpoint.
    /// @param permit An EIP-2612 permit for the Market; value 0: none. A used one is harmless.
    /// @param grant As in setOperator; operator 0: none.
    /// @param bill As in createBill.
    /// @param endpoint As in setEndpoint for the new bill; empty: none.
    /// @return billId The new bill's id.
    function openAsMiner(
        Permit calldata permit,
        Grant calldata grant,
        BillTerms calldata bill,
        string calldata endpoint
    ) external payable returns (uint256 billId);

    /// @notice Several acts of the caller in one transaction: all of them or none. Takes no value.
    /// @param calls Encoded calls of the Market.
    /// @return results What each returned.
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results);

    // ------------------------------------------------------------------ views

    /// @notice Everything about a bill.
    /// @param billId The bill.
    /// @return bill Its terms and what is free.
    function getBill(uint256 billId) external view returns (BillView memory bill);

    /// @notice Everything about an order.
    /// @param orderId The order.
    /// @return order Terms, money, commitment, both statements, challenge.
    function getOrder(uint256 orderId) external view returns (OrderView memory order);

    /// @notice A bill's endpoint, else its miner's default, else "".
    /// @param billId The bill.
    /// @return url As set.
    function endpointOf(uint256 billId) external view returns (string memory url);

    /// @notice A miner's default endpoint.
    /// @param miner The miner.
    /// @return url As set.
    function defaultEndpointOf(address miner) external view returns (string memory url);

    /// @notice What an operator may do for an owner; scopes 0: nothing.
    /// @param owner The wallet.
    /// @param operator The agent's key.
    /// @return scopes As in setOperator.
    /// @return expiresAt Last second in which it may.
    function operatorOf(address owner, address operator) external view returns (uint8 scopes, uint256 expiresAt);

    /// @notice The newest order of a user; each order names the one before. 0: none.
    /// @param user The user.
    /// @return orderId Its id.
    function newestOrderOf(address user) external view returns (uint256 orderId);

    /// @notice The newest bill of a miner; each bill names the one before. 0: none.
    /// @param miner The miner.
    /// @return billId Its id.
    function newestBillOf(address miner) external view returns (uint256 billId);

    /// @notice What an account may withdraw.
    /// @param account The account.
    /// @return amount Token wei.
    function credit(address account) external view returns (uint256 amount);

    /// @notice All money that the Market answers for: escrow, pledges, reserves, open bonds and credits.
    /// @return amount Token wei; the token balance is this and what was sent without being asked.
    function trackedTotal() external view returns (uint256 amount);

    /// @notice Ids given so far: the last bill and the last order.
    /// @return bills Number of bills.
    /// @return orders Number of orders.
    function counts() external view returns (uint256 bills, uint256 orders);

    /// @notice The parameters, fixed for good.
    /// @return values As given to the constructor.
    function parameters() external view returns (Parameters memory values);

    /// @notice The token, fixed for good.
    /// @return The ERC-20's address.
    function token() external view returns (address);

    /// @notice The Market's version.
    /// @return A small number as text.
    function version() external pure returns (string memory);
}
