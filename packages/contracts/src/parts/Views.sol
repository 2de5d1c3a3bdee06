// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "../IMarket.sol";
import {LeafTree} from "../libraries/LeafTree.sol";
import {
    Bill,
    BillView,
    ChallengeView,
    CommitmentView,
    Order,
    OrderState,
    OrderView,
    Parameters,
    PrepareView,
    Statement
} from "../MarketTypes.sol";
import {Settlement} from "./Settlement.sol";

/// @title What agents and dashboards read by `eth_call` alone
/// @notice Changes nothing; ids that were never given revert.
abstract contract Views is Settlement {
    /// @inheritdoc IMarket
    function getBill(uint256 billId) external view returns (BillView memory view_) {
        Bill storage bill = _bill(billId);
        view_.miner = bill.miner;
        view_.capacity = bill.capacity;
        view_.free = bill.free;
        view_.step = bill.step;
        view_.price = bill.price;
        view_.pledgeRate = bill.pledgeRate;
        view_.minWeeks = bill.minWeeks;
        view_.maxWeeks = bill.maxWeeks;
        view_.bond = bill.bond;
        view_.createdAt = bill.createdAt;
        view_.expiresAt = bill.expiresAt;
        view_.cancelled = bill.cancelled;
        view_.pledge = _pledge(bill, bill.free);
        view_.previous = bill.previous;
    }

    /// @inheritdoc IMarket
    function getOrder(uint256 orderId) external view returns (OrderView memory view_) {
        Order storage order = _order(orderId);
        Bill storage bill = _bills[order.billId];
        view_.billId = order.billId;
        view_.user = order.user;
        view_.miner = bill.miner;
        view_.state = order.state;
        view_.capacity = order.capacity;
        view_.weeks_ = order.weeks_;
        view_.price = bill.price;
        view_.pledgeRate = bill.pledgeRate;
        view_.bond = bill.bond;
        view_.claimed = order.claimed;
        view_.previous = order.previous;
        view_.createdAt = order.createdAt;
        if (order.start != 0) {
            Statement storage inForce = _statement(order, IN_FORCE);
            view_.commitment = CommitmentView(inForce.root, inForce.leaves * LeafTree.LEAF_BYTES);
            view_.start = order.start;
            view_.endsAt = _endsAt(order);
            view_.noticeEndsAt = order.noticeEndsAt;
        }
        if (order.state > OrderState.Active) return view_;
        view_.escrow = _weekPrice(bill, order.capacity) * order.weeks_ - order.claimed;
        view_.pledge = _pledge(bill, order.capacity);
        view_.reserve = order.reserve;
        view_.userPrepare = _stated(order, USER);
        view_.minerPrepare = _stated(order, MINER);
        if (order.state == OrderState.Preparing) return view_;
        view_.endStatedByUser = order.endStatedByUser;
        view_.endStatedByMiner = order.endStatedByMiner;
        if (order.question == 0) {
            view_.nextChallengeAt = order.until;
            view_.claimable = _claimable(order, bill);
        } else {
            view_.reserve -= bill.bond;
            view_.challenge = ChallengeView(order.question - 1, order.until, bill.bond);
        }
    }

    /// @inheritdoc IMarket
    function endpointOf(uint256 billId) external view returns (string memory url) {
        address miner = _bill(billId).miner;
        url = _endpoints[miner][billId];
        if (bytes(url).length == 0) url = _endpoints[miner][0];
    }

    /// @inheritdoc IMarket
    function defaultEndpointOf(address miner) external view returns (string memory url) {
        return _endpoints[miner][0];
    }

    /// @inheritdoc IMarket
    function operatorOf(address owner, address operator) external view returns (uint8 scopes, uint256 expiresAt) {
        Authorisation storage authorisation = _operators[owner][operator];
        return (authorisation.scopes, authorisation.expiresAt);
    }

    /// @inheritdoc IMarket
    function trackedTotal() external view returns (uint256 amount) {
        return _totals.tracked;
    }

    /// @inheritdoc IMarket
    function counts() external view returns (uint256 bills, uint256 orders) {
        return (_totals.nextBill - 1, _totals.nextOrder - 1);
    }

    /// @inheritdoc IMarket
    function parameters() external view returns (Parameters memory values) {
        return Parameters({
            week: WEEK,
            prepareWindow: PREPARE_WINDOW,
            answerWindow: ANSWER_WINDOW,
            cooldown: COOLDOWN,
            notice: NOTICE,
            maxBillTerm: MAX_BILL_TERM,
            userShare: USER_SHARE,
            reporterShare: REPORTER_SHARE,
            quitShare: QUIT_SHARE
        });
    }

    /// @inheritdoc IMarket
    function token() external view returns (address) {
        return address(TOKEN);
    }

    /// @inheritdoc IMarket
    function version() external pure returns (string memory) {
        return "1";
    }

    function _stated(Order storage order, uint256 side) private view returns (PrepareView memory view_) {
        Statement storage statement = _statement(order, side);
        if (statement.signer == address(0)) return view_;
        return PrepareView(statement.root, statement.leaves * LeafTree.LEAF_BYTES, statement.signer);
    }
}
