// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "../IMarket.sol";
import {Bill, Ending, Order, OrderState} from "../MarketTypes.sol";
import {MarketBase} from "./MarketBase.sol";

/// @title Time and money of active orders: more or fewer weeks, accrual, the ways to end
/// @notice Every way to end pays out exactly what the order holds, once.
abstract contract Settlement is MarketBase {
    /// @inheritdoc IMarket
    function extendOrder(uint256 orderId, uint256 weeks_, uint256 maxPrice) external nonReentrant {
        Order storage order = _running(orderId);
        _onlyOwner(order.user);
        if (order.noticeEndsAt != 0) revert NoticeGiven(order.noticeEndsAt);
        Bill storage bill = _bills[order.billId];
        if (bill.cancelled) revert BillIsCancelled(order.billId);
        if (block.timestamp > bill.expiresAt) revert BillExpired(bill.expiresAt, block.timestamp);
        if (bill.price > maxPrice) revert PriceTooHigh(maxPrice, bill.price);
        uint256 most = type(uint16).max - order.weeks_;
        if (weeks_ == 0 || weeks_ > most) revert WeeksOutOfRange(1, most, weeks_);
        uint256 endsAt = _termEndsAt(order) + weeks_ * WEEK;
        uint256 latest = block.timestamp + bill.maxWeeks * WEEK;
        if (endsAt > latest) revert EndTooLate(latest, endsAt);
        order.weeks_ += uint16(weeks_);
        uint256 cost = _weekPrice(bill, order.capacity) * weeks_;
        emit OrderExtended(orderId, order.weeks_, endsAt, cost);
        _clearEnd(orderId, order);
        _pull(cost);
    }

    /// @inheritdoc IMarket
    function shorten(uint256 orderId, uint256 weeks_) external nonReentrant {
        Order storage order = _running(orderId);
        _onlyOwner(order.user);
        Bill storage bill = _bills[order.billId];
        uint256 current = order.weeks_;
        if (weeks_ < bill.minWeeks || weeks_ >= current) {
            revert WeeksOutOfRange(bill.minWeeks, current - 1, weeks_);
        }
        order.weeks_ = uint16(weeks_);
        uint256 endsAt = _termEndsAt(order);
        if (endsAt < block.timestamp) revert EndInPast(block.timestamp, endsAt);
        uint256 refund = _weekPrice(bill, order.capacity) * (current - weeks_);
        emit OrderShortened(orderId, weeks_, endsAt, refund);
        _clearEnd(orderId, order);
        _credit(order.user, refund);
    }

    /// @inheritdoc IMarket
    function topUp(uint256 orderId, uint256 challenges) external nonReentrant {
        Order storage order = _order(orderId);
        if (order.state != OrderState.Preparing) _inState(order, OrderState.Active);
        uint256 amount = uint256(_bills[order.billId].bond) * _fit(challenges, type(uint32).max);
        if (amount == 0) revert ZeroAmount();
        order.reserve = uint128(_fit(order.reserve + amount, type(uint128).max));
        emit ReserveToppedUp(orderId, msg.sender, challenges, amount);
        _pull(amount);
    }

    /// @inheritdoc IMarket
    function claim(uint256 orderId) external nonReentrant {
        Order storage order = _unfrozen(orderId);
        _inState(order, OrderState.Active);
        Bill storage bill = _bills[order.billId];
        uint256 amount = _claimable(order, bill);
        if (amount == 0) revert NothingToClaim(orderId);
        order.claimed += uint112(amount);
        emit Claimed(orderId, amount);
        _credit(bill.miner, amount);
    }

    /// @inheritdoc IMarket
    function finish(uint256 orderId) external nonReentrant {
        Order storage order = _unfrozen(orderId);
        _inState(order, OrderState.Active);
        uint256 endsAt = _endsAt(order);
        if (block.timestamp <= endsAt) revert OrderNotOver(endsAt, block.timestamp);
        _settle(orderId, order, endsAt, endsAt == _termEndsAt(order) ? Ending.Term : Ending.Notice);
    }

    /// @inheritdoc IMarket
    function end(uint256 orderId, uint256 validUntil) external nonReentrant {
        Order storage order = _running(orderId);
        address miner = _bills[order.billId].miner;
        bool byUser = msg.sender == order.user;
        if (!byUser && msg.sender != miner) revert NotParty(order.user, miner, msg.sender);
        if (validUntil != 0 && (validUntil < block.timestamp || validUntil > type(uint40).max)) {
            revert ExpiryOutOfRange(block.timestamp, type(uint40).max, validUntil);
        }
        if (byUser) order.endStatedByUser = uint40(validUntil);
        else order.endStatedByMiner = uint40(validUntil);
        emit EndStated(orderId, byUser ? USER : MINER, validUntil);
        // A withdrawn wish is 0, so it is never at or after now.
        if (order.endStatedByUser >= block.timestamp && order.endStatedByMiner >= block.timestamp) {
            _settle(orderId, order, block.timestamp, Ending.Consent);
        }
    }

    /// @inheritdoc IMarket
    function quit(uint256 orderId) external nonReentrant {
        Order storage order = _running(orderId);
        _onlyOwner(_bills[order.billId].miner);
        if (order.noticeEndsAt != 0) revert NoticeGiven(order.noticeEndsAt);
        uint256 noticeEndsAt = block.timestamp + NOTICE;
        uint256 endsAt = _termEndsAt(order);
        if (noticeEndsAt >= endsAt) revert NoticeTooLate(endsAt, noticeEndsAt);
        order.noticeEndsAt = uint40(noticeEndsAt);
        emit NoticeStarted(orderId, noticeEndsAt);
        _clearEnd(orderId, order);
    }

    /// @inheritdoc IMarket
    function withdraw(address account) external nonReentrant {
        uint256 amount = credit[account];
        if (amount == 0) revert NothingToWithdraw(account);
        credit[account] = 0;
        emit Withdrawn(account, msg.sender, amount);
        _push(account, amount);
    }

    /// @dev Accrual is paid one week late, so that a slash finds something to give back.
    function _claimable(Order storage order, Bill storage bill) internal view returns (uint256) {
        if (block.timestamp < WEEK) return 0;
        uint256 t = block.timestamp - WEEK;
        uint256 endsAt = _endsAt(order);
        if (t > endsAt) t = endsAt;
        return _earned(order, _weekPrice(bill, order.capacity), t) - order.claimed;
    }

    /// @dev Pays everything that the order holds: accrual up to endedAt and the pledge to the miner (less the quit
    /// share after a notice), the rest to the user. Nothing of it can be paid again: the state is final.
    function _settle(uint256 orderId, Order storage order, uint256 endedAt, Ending ending) private {
        Bill storage bill = _bills[order.billId];
        order.state = OrderState.Ended;
        uint256 weekPrice = _weekPrice(bill, order.capacity);
        uint256 earned = _earned(order, weekPrice, endedAt);
        uint256 pledge = weekPrice * bill.pledgeRate;
        uint256 share = ending == Ending.Notice ? pledge * QUIT_SHARE / BASIS_POINTS : 0;
        uint256 toUser = weekPrice * order.weeks_ - earned + order.reserve + share;
        uint256 toMiner = earned - order.claimed + pledge - share;
        emit OrderEnded(orderId, ending, toUser, toMiner);
        _credit(order.user, toUser);
        _credit(bill.miner, toMiner);
    }
}
