// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "../IMarket.sol";
import {LeafTree} from "../libraries/LeafTree.sol";
import {Bill, Order, OrderState, OrderTerms, Statement} from "../MarketTypes.sol";
import {MarketBase} from "./MarketBase.sol";

/// @title Orders until they are active, and what changes their commitment (flows 7, 8 and 10)
/// @notice Two equal statements make a commitment; until the first one, everything can be undone.
abstract contract Orders is MarketBase {
    uint256 internal constant MAX_REASON_BYTES = 128;
    uint256 internal constant BYTES_PER_MIB = 1 << 20;

    /// @inheritdoc IMarket
    function createOrder(OrderTerms calldata terms) external nonReentrant returns (uint256 orderId) {
        return _createOrder(terms);
    }

    /// @inheritdoc IMarket
    function prepare(uint256 orderId, uint256 side, bytes32 root, uint256 size) external nonReentrant {
        _fit(side, MINER);
        Order storage order = _unfrozen(orderId);
        _checkPreparable(order);
        address miner = _bills[order.billId].miner;
        _authorise(side == USER ? order.user : miner, PREPARE);
        if (root != 0 || size != 0) _checkCommitment(order, root, size);
        emit Prepared(orderId, side, root, size, msg.sender);

        Statement storage mine = _statement(order, side);
        Statement storage theirs = _statement(order, 1 - side);
        uint48 leaves = uint48(size / LeafTree.LEAF_BYTES);
        if (
            root != 0 && theirs.root == root && theirs.leaves == leaves && theirs.signer != address(0)
                && _isAuthorised(side == USER ? miner : order.user, theirs.signer, PREPARE)
        ) {
            if (mine.signer != address(0)) mine.signer = address(0);
            _agree(orderId, order, 1 - side, root, size);
        } else if (root != 0) {
            mine.root = root;
            mine.signer = msg.sender;
            mine.leaves = leaves;
        } else if (mine.signer != address(0)) {
            mine.signer = address(0);
        }
    }

    /// @inheritdoc IMarket
    function refuse(uint256 orderId, string calldata reason) external nonReentrant {
        Order storage order = _unfrozen(orderId);
        _inState(order, OrderState.Preparing);
        Bill storage bill = _bills[order.billId];
        _authorise(bill.miner, REFUSE);
        if (bytes(reason).length > MAX_REASON_BYTES) revert TextTooLong(MAX_REASON_BYTES, bytes(reason).length);
        order.state = OrderState.Refused;
        (uint256 refund, bool returned) = _undo(order, bill);
        emit OrderRefused(orderId, msg.sender, reason, refund, returned);
    }

    /// @inheritdoc IMarket
    function cancelOrder(uint256 orderId) external nonReentrant {
        Order storage order = _unfrozen(orderId);
        _inState(order, OrderState.Preparing);
        uint256 deadline = order.createdAt + PREPARE_WINDOW;
        if (msg.sender != order.user && block.timestamp <= deadline) {
            revert PrepareWindowOpen(deadline, block.timestamp);
        }
        order.state = OrderState.Cancelled;
        (uint256 refund, bool returned) = _undo(order, _bills[order.billId]);
        emit OrderCancelled(orderId, msg.sender, refund, returned);
    }

    function _createOrder(OrderTerms calldata terms) internal returns (uint256 orderId) {
        Bill storage bill = _bill(terms.billId);
        _checkOrderTerms(terms, bill);
        orderId = _fit(_totals.nextOrder, type(uint40).max - 1);
        _totals.nextOrder = uint40(orderId + 1);
        bill.free -= uint32(terms.capacity);
        uint256 escrow = _weekPrice(bill, terms.capacity) * terms.weeks_;
        uint256 reserve = uint256(bill.bond) * terms.challenges;
        Order storage order = _orders[orderId];
        order.user = msg.sender;
        order.capacity = uint32(terms.capacity);
        order.weeks_ = uint16(terms.weeks_);
        order.billId = uint40(terms.billId);
        order.previous = uint40(newestOrderOf[msg.sender]);
        order.reserve = uint128(_fit(reserve, type(uint128).max));
        order.createdAt = uint40(block.timestamp);
        order.places = FIRST_PLACES;
        newestOrderOf[msg.sender] = orderId;
        _emitOrderCreated(orderId, terms, bill, escrow, reserve);
        _pull(escrow + reserve);
    }

    /// @dev Everything of an order in one event is more than the stack holds at once: it goes through memory.
    function _emitOrderCreated(
        uint256 orderId,
        OrderTerms memory terms,
        Bill storage bill,
        uint256 escrow,
        uint256 reserve
    ) private {
        uint256[5] memory m;
        m[0] = bill.price;
        m[1] = bill.pledgeRate;
        m[2] = escrow;
        m[3] = _pledge(bill, terms.capacity);
        m[4] = reserve;
        _emitOrderCreated(orderId, terms, bill.bond, m);
    }

    function _emitOrderCreated(uint256 orderId, OrderTerms memory terms, uint256 bond, uint256[5] memory m) private {
        emit OrderCreated(
            orderId,
            terms.billId,
            msg.sender,
            terms.expectedMiner,
            terms.capacity,
            terms.weeks_,
            m[0],
            m[1],
            bond,
            m[2],
            m[3],
            m[4]
        );
    }

    function _checkOrderTerms(OrderTerms calldata terms, Bill storage bill) private view {
        if (bill.miner != terms.expectedMiner) revert MinerChanged(terms.expectedMiner, bill.miner);
        if (bill.miner == msg.sender) revert SelfOrder(msg.sender);
        if (bill.cancelled) revert BillIsCancelled(terms.billId);
        if (block.timestamp > bill.expiresAt) revert BillExpired(bill.expiresAt, block.timestamp);
        if (terms.capacity == 0) revert ZeroCapacity();
        if (terms.capacity % bill.step != 0) revert NotMultiple(bill.step, terms.capacity);
        if (terms.capacity > bill.free) revert NotEnoughCapacity(bill.free, terms.capacity);
        if (terms.weeks_ < bill.minWeeks || terms.weeks_ > bill.maxWeeks) {
            revert WeeksOutOfRange(bill.minWeeks, bill.maxWeeks, terms.weeks_);
        }
        if (bill.price > terms.maxPrice) revert PriceTooHigh(terms.maxPrice, bill.price);
        if (bill.pledgeRate < terms.minPledgeRate) revert PledgeRateTooLow(terms.minPledgeRate, bill.pledgeRate);
        if (bill.bond > terms.maxBond) revert BondTooHigh(terms.maxBond, bill.bond);
        _fit(terms.challenges, type(uint32).max);
    }

    /// @dev First agreements within the prepare window, later ones while the order runs.
    function _checkPreparable(Order storage order) private view {
        if (order.state == OrderState.Preparing) {
            uint256 deadline = order.createdAt + PREPARE_WINDOW;
            if (block.timestamp > deadline) revert PrepareWindowOver(deadline, block.timestamp);
        } else {
            _inState(order, OrderState.Active);
            uint256 endsAt = _endsAt(order);
            if (block.timestamp > endsAt) revert OrderOver(endsAt, block.timestamp);
        }
    }

    function _checkCommitment(Order storage order, bytes32 root, uint256 size) private view {
        if (root == 0) revert ZeroRoot();
        if (size == 0 || size % LeafTree.LEAF_BYTES != 0) revert BadSize(LeafTree.LEAF_BYTES, size);
        uint256 max = order.capacity * BYTES_PER_MIB;
        if (size > max) revert SizeTooLarge(max, size);
        uint256 min = _statement(order, IN_FORCE).leaves * LeafTree.LEAF_BYTES;
        if (size < min) revert SizeShrinks(min, size);
    }

    /// @dev The statement of `side` becomes the commitment in force; the side gets the old one's place, emptied.
    function _agree(uint256 orderId, Order storage order, uint256 side, bytes32 root, uint256 size) private {
        uint256 places = order.places;
        uint256 swap = ((places >> (2 * side)) ^ (places >> (2 * IN_FORCE))) & 3;
        order.places = uint8(places ^ (swap << (2 * side)) ^ (swap << (2 * IN_FORCE)));
        if (order.state == OrderState.Preparing) {
            order.state = OrderState.Active;
            order.start = uint40(block.timestamp);
            emit OrderActivated(orderId, root, size, block.timestamp, _termEndsAt(order));
        } else {
            _statement(order, side).signer = address(0);
            emit CommitmentReplaced(orderId, root, size);
            _clearEnd(orderId, order);
        }
    }

    /// @dev A preparing order leaves no trace: all money back to the user, capacity and pledge back to a live bill,
    /// else the pledge to the miner. The caller has set the final state.
    function _undo(Order storage order, Bill storage bill) private returns (uint256 refund, bool returned) {
        uint256 capacity = order.capacity;
        refund = _weekPrice(bill, capacity) * order.weeks_ + order.reserve;
        returned = !bill.cancelled && block.timestamp <= bill.expiresAt;
        if (returned) bill.free += uint32(capacity);
        else _credit(bill.miner, _pledge(bill, capacity));
        _credit(order.user, refund);
    }
}
