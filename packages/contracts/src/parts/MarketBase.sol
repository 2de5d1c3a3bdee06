// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IMarket} from "../IMarket.sol";
import {Bill, Order, OrderState, Parameters, Statement} from "../MarketTypes.sol";

/// @title What all parts of the Market share: storage, parameters, who may act, money in and out
/// @notice Tokens move only here: in by _pull, out by _push and _burn; in between they are credits.
abstract contract MarketBase is IMarket, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 internal constant USER = 0;
    uint256 internal constant MINER = 1;
    /// @dev Beside the sides, as a place of a statement: the commitment in force.
    uint256 internal constant IN_FORCE = 2;
    /// @dev Two bits each: the user's statement is at 0, the miner's at 1, the commitment in force at 2.
    uint8 internal constant FIRST_PLACES = 0 | (1 << 2) | (2 << 4);

    uint8 internal constant PREPARE = 1;
    uint8 internal constant CHALLENGE = 2;
    uint8 internal constant REFUSE = 4;
    uint8 internal constant ENDPOINT = 8;
    uint8 internal constant ALL_SCOPES = 15;

    uint256 internal constant BASIS_POINTS = 10_000;
    /// @dev Prices are per GiB, capacities in MiB.
    uint256 internal constant MIB_PER_GIB = 1024;

    /// @dev An operator as an owner authorised it: 1 slot.
    struct Authorisation {
        uint8 scopes;
        uint40 expiresAt;
    }

    /// @dev The next ids and all money that the Market answers for: 1 slot.
    struct Totals {
        uint40 nextBill;
        uint40 nextOrder;
        uint176 tracked;
    }

    IERC20 internal immutable TOKEN;
    uint256 internal immutable WEEK;
    uint256 internal immutable PREPARE_WINDOW;
    uint256 internal immutable ANSWER_WINDOW;
    uint256 internal immutable COOLDOWN;
    uint256 internal immutable NOTICE;
    uint256 internal immutable MAX_BILL_TERM;
    uint256 internal immutable USER_SHARE;
    uint256 internal immutable REPORTER_SHARE;
    uint256 internal immutable QUIT_SHARE;

    Totals internal _totals;
    mapping(uint256 billId => Bill) internal _bills;
    mapping(uint256 orderId => Order) internal _orders;
    mapping(address owner => mapping(address operator => Authorisation)) internal _operators;
    mapping(address miner => mapping(uint256 billId => string url)) internal _endpoints;
    /// @inheritdoc IMarket
    mapping(address account => uint256 amount) public override credit;
    /// @inheritdoc IMarket
    mapping(address user => uint256 orderId) public override newestOrderOf;
    /// @inheritdoc IMarket
    mapping(address miner => uint256 billId) public override newestBillOf;

    constructor(address token_, Parameters memory p) {
        if (token_.code.length == 0) revert NotAContract(token_);
        uint256[9] memory values = [
            p.week,
            p.prepareWindow,
            p.answerWindow,
            p.cooldown,
            p.notice,
            p.maxBillTerm,
            p.userShare,
            p.reporterShare,
            p.quitShare
        ];
        for (uint256 i = 0; i < values.length; ++i) {
            if (values[i] == 0) revert ZeroParameter(i);
            // All times stay far inside uint40 and all products inside uint256.
            _fit(values[i], type(uint32).max);
        }
        if (p.answerWindow + p.cooldown >= p.notice) {
            revert WindowsTooLong(p.notice, p.answerWindow + p.cooldown);
        }
        if (p.userShare + p.reporterShare > BASIS_POINTS) {
            revert SharesTooHigh(BASIS_POINTS, p.userShare + p.reporterShare);
        }
        if (p.quitShare > p.userShare) revert SharesTooHigh(p.userShare, p.quitShare);
        _totals.nextBill = 1;
        _totals.nextOrder = 1;
        TOKEN = IERC20(token_);
        WEEK = p.week;
        PREPARE_WINDOW = p.prepareWindow;
        ANSWER_WINDOW = p.answerWindow;
        COOLDOWN = p.cooldown;
        NOTICE = p.notice;
        MAX_BILL_TERM = p.maxBillTerm;
        USER_SHARE = p.userShare;
        REPORTER_SHARE = p.reporterShare;
        QUIT_SHARE = p.quitShare;
    }

    // ------------------------------------------------------------------ looking things up

    function _bill(uint256 billId) internal view returns (Bill storage bill) {
        bill = _bills[billId];
        if (bill.miner == address(0)) revert UnknownBill(billId);
    }

    function _order(uint256 orderId) internal view returns (Order storage order) {
        order = _orders[orderId];
        if (order.user == address(0)) revert UnknownOrder(orderId);
    }

    /// @dev The freeze rule: while a challenge is open, late or not, nothing else acts on the order.
    function _unfrozen(uint256 orderId) internal view returns (Order storage order) {
        order = _order(orderId);
        if (order.question != 0 && order.state == OrderState.Active) revert ChallengeOpen(orderId, order.until);
    }

    /// @dev An active order that is not over yet.
    function _running(uint256 orderId) internal view returns (Order storage order) {
        order = _unfrozen(orderId);
        _inState(order, OrderState.Active);
        uint256 endsAt = _endsAt(order);
        if (block.timestamp > endsAt) revert OrderOver(endsAt, block.timestamp);
    }

    function _inState(Order storage order, OrderState expected) internal view {
        if (order.state != expected) revert WrongState(expected, order.state);
    }

    /// @dev The last second of an active order: its term's, or its notice's when that is earlier.
    function _endsAt(Order storage order) internal view returns (uint256 endsAt) {
        endsAt = _termEndsAt(order);
        uint256 noticeEndsAt = order.noticeEndsAt;
        if (noticeEndsAt != 0 && noticeEndsAt < endsAt) endsAt = noticeEndsAt;
    }

    function _termEndsAt(Order storage order) internal view returns (uint256) {
        return uint256(order.start) + uint256(order.weeks_) * WEEK;
    }

    /// @dev The user's statement, the miner's, or the commitment in force. The three share three places: when the sides
    /// agree, the earlier of the two equal statements becomes the commitment where it stands, and its side gets the
    /// place of the commitment before. So nothing is copied, and a new backup of old data writes no new slot.
    function _statement(Order storage order, uint256 which) internal view returns (Statement storage) {
        return order.statements[(order.places >> (2 * which)) & 3];
    }

    // ------------------------------------------------------------------ sums

    /// @dev Never rounds: price x step is a multiple of 1,024 and the capacity is whole steps. Below 2^94.
    function _weekPrice(Bill storage bill, uint256 capacity) internal view returns (uint256) {
        return uint256(bill.price) * capacity / MIB_PER_GIB;
    }

    /// @dev Below 2^110.
    function _pledge(Bill storage bill, uint256 capacity) internal view returns (uint256) {
        return _weekPrice(bill, capacity) * bill.pledgeRate;
    }

    /// @dev What the miner has earned at time t, paid or not: cumulative, so that floors don't add up.
    function _earned(Order storage order, uint256 weekPrice, uint256 t) internal view returns (uint256) {
        uint256 start = order.start;
        return t <= start ? 0 : weekPrice * (t - start) / WEEK;
    }

    /// @dev The value, when it fits.
    function _fit(uint256 value, uint256 max) internal pure returns (uint256) {
        if (value > max) revert OutOfRange(max, value);
        return value;
    }

    // ------------------------------------------------------------------ who may

    function _onlyOwner(address owner) internal view {
        if (msg.sender != owner) revert NotOwner(owner, msg.sender);
    }

    /// @dev The owner itself, or one of its operators with this scope.
    function _authorise(address owner, uint8 scope) internal view {
        if (msg.sender == owner) return;
        Authorisation storage authorisation = _operators[owner][msg.sender];
        uint8 scopes = authorisation.scopes;
        if (scopes == 0) revert OperatorUnknown(owner, msg.sender);
        if (block.timestamp > authorisation.expiresAt) {
            revert OperatorExpired(authorisation.expiresAt, block.timestamp);
        }
        if (scopes & scope == 0) revert OperatorScope(scope, scopes);
    }

    function _isAuthorised(address owner, address signer, uint8 scope) internal view returns (bool) {
        if (signer == owner) return true;
        Authorisation storage authorisation = _operators[owner][signer];
        return authorisation.scopes & scope != 0 && block.timestamp <= authorisation.expiresAt;
    }

    // ------------------------------------------------------------------ ends

    /// @dev Wishes to end were made about an order as it was; what changes it clears them.
    function _clearEnd(uint256 orderId, Order storage order) internal {
        if (order.endStatedByUser == 0 && order.endStatedByMiner == 0) return;
        order.endStatedByUser = 0;
        order.endStatedByMiner = 0;
        emit EndCleared(orderId);
    }

    // ------------------------------------------------------------------ money

    /// @dev Takes exactly this from the caller. The last thing that an act does.
    function _pull(uint256 amount) internal {
        if (amount == 0) return;
        _totals.tracked = uint176(_fit(uint256(_totals.tracked) + amount, type(uint176).max));
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received;
        // A token that lies must meet the error below, not a panic.
        unchecked {
            received = TOKEN.balanceOf(address(this)) - before;
        }
        if (received != amount) revert TransferAmountMismatch(amount, received);
    }

    /// @dev Money that leaves: tracked less, then sent.
    function _push(address to, uint256 amount) internal {
        _totals.tracked -= uint176(amount);
        TOKEN.safeTransfer(to, amount);
    }

    function _burn(uint256 amount) internal {
        if (amount == 0) return;
        _totals.tracked -= uint176(amount);
        ERC20Burnable(address(TOKEN)).burn(amount);
    }

    function _credit(address account, uint256 amount) internal {
        if (amount != 0) credit[account] += amount;
    }
}
