// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "../IMarket.sol";
import {LeafTree} from "../libraries/LeafTree.sol";
import {Bill, Order, OrderState} from "../MarketTypes.sol";
import {MarketBase} from "./MarketBase.sol";

/// @title Challenges: a leaf in time, or the pledge (flow 14)
/// @notice Only time and a missing answer slash; a wrong answer changes nothing.
abstract contract Challenges is MarketBase {
    /// @inheritdoc IMarket
    function challenge(uint256 orderId, uint256 leafIndex) external nonReentrant {
        Order storage order = _running(orderId);
        _authorise(order.user, CHALLENGE);
        uint256 leaves = _statement(order, IN_FORCE).leaves;
        if (leafIndex >= leaves) revert LeafOutOfRange(leaves, leafIndex);
        if (block.timestamp < order.until) revert CooldownActive(order.until, block.timestamp);
        uint128 bond = _bills[order.billId].bond;
        if (order.reserve < bond) revert ReserveTooSmall(bond, order.reserve);
        uint256 deadline = block.timestamp + ANSWER_WINDOW;
        // The bond stays in the reserve until somebody has earned it.
        order.until = uint40(deadline);
        order.question = uint48(leafIndex + 1);
        emit ChallengeOpened(orderId, leafIndex, deadline, bond, msg.sender);
        _clearEnd(orderId, order);
    }

    /// @inheritdoc IMarket
    function answer(uint256 orderId, bytes calldata leaf, bytes32[] calldata path) external nonReentrant {
        Order storage order = _challenged(orderId);
        if (block.timestamp > order.until) revert AnswerTooLate(order.until, block.timestamp);
        uint256 leafIndex = order.question - 1;
        bytes32 computed = LeafTree.rootOf(leaf, path, leafIndex, LeafTree.depth(order.capacity));
        bytes32 root = _statement(order, IN_FORCE).root;
        if (computed != root) revert InvalidProof(root, computed);
        Bill storage bill = _bills[order.billId];
        order.question = 0;
        order.until = uint40(block.timestamp + COOLDOWN);
        uint128 bond = bill.bond;
        order.reserve -= bond;
        emit ChallengeAnswered(orderId, leafIndex, bond, msg.sender);
        _credit(bill.miner, bond);
    }

    /// @inheritdoc IMarket
    function slash(uint256 orderId, address rewardTo) external nonReentrant {
        Order storage order = _challenged(orderId);
        if (block.timestamp <= order.until) revert AnswerNotLate(order.until, block.timestamp);
        Bill storage bill = _bills[order.billId];
        _checkReward(rewardTo, order.user, bill.miner);
        order.state = OrderState.Slashed;
        uint256 weekPrice = _weekPrice(bill, order.capacity);
        uint256 pledge = weekPrice * bill.pledgeRate;
        uint256 share = pledge * USER_SHARE / BASIS_POINTS;
        uint256 reward = pledge * REPORTER_SHARE / BASIS_POINTS;
        // Unearned escrow and unclaimed accrual together are all that was not claimed; the reserve holds the bond.
        uint256 toUser = weekPrice * order.weeks_ - order.claimed + order.reserve + share;
        emit OrderSlashed(orderId, rewardTo, toUser, reward, pledge - share - reward);
        _credit(order.user, toUser);
        _credit(rewardTo, reward);
        _burn(pledge - share - reward);
    }

    function _challenged(uint256 orderId) private view returns (Order storage order) {
        order = _order(orderId);
        _inState(order, OrderState.Active);
        if (order.question == 0) revert NoChallenge(orderId);
    }

    /// @dev Agents name their owner: an operator's key never earns. The wallets themselves may always be named, or
    /// one side could block the other's reward by authorising its wallet as an operator.
    function _checkReward(address rewardTo, address user, address miner) private view {
        if (rewardTo == address(0) || rewardTo == address(this)) revert BadRewardAddress(rewardTo);
        if (rewardTo == user || rewardTo == miner) return;
        if (_operators[user][rewardTo].scopes != 0) revert RewardToOperator(user, rewardTo);
        if (_operators[miner][rewardTo].scopes != 0) revert RewardToOperator(miner, rewardTo);
    }
}
