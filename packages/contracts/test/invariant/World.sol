// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DmcDevToken} from "../../src/DmcDevToken.sol";
import {IMarket} from "../../src/IMarket.sol";
import {BillTerms, BillView, OrderState, OrderTerms, OrderView, Parameters} from "../../src/MarketTypes.sol";
import {TestBase} from "../helpers/TestBase.sol";
import {TreeModel} from "../helpers/TreeModel.sol";

/// @notice An operator that takes no gas float.
contract RefusingOperator {
    receive() external payable {
        revert("no");
    }
}

/// @notice An operator that calls back into the Market when it gets its gas float.
contract ReenteringOperator {
    IMarket private immutable MARKET;
    address private immutable VICTIM;
    bool public gotIn;

    constructor(IMarket market, address victim) {
        (MARKET, VICTIM) = (market, victim);
    }

    receive() external payable {
        try MARKET.withdraw(VICTIM) {
            gotIn = true;
        } catch {}
        try MARKET.setOperator(VICTIM, 15, block.timestamp) {
            gotIn = true;
        } catch {}
    }
}

/// @notice The Market with its actors, and the judge of every call: `act` looks at all bills, orders and credits before
/// and after a call and writes down what must never happen. What it writes is what the invariants read.
contract World is TestBase {
    uint256 public constant WALLETS = 8;
    uint256 public constant OPERATORS = 4;
    uint256 private constant WEEK = 604_800;

    DmcDevToken public immutable TOKEN;
    IMarket public immutable MARKET;
    TreeModel public immutable TREE;

    address[] public wallets;
    address[] public operators;

    /// @notice What must never happen and did.
    string[] public violations;
    /// @notice Tokens sent to the Market without being asked.
    uint256 public unsolicited;

    struct Known {
        uint256 seed;
        uint256 leaves;
    }

    /// @notice Which data a root stands for.
    mapping(bytes32 root => Known known) public data;
    uint256 private _seeds;

    /// @dev Written by the judge, read by the next judgement.
    mapping(uint256 orderId => bytes32 hash) private _final;
    mapping(uint256 billId => uint256 capacity) private _retired;
    mapping(uint256 orderId => uint256 amount) public put;
    mapping(uint256 orderId => uint256 amount) public paid;

    /// @dev All that can change, at one moment.
    struct Picture {
        OrderView[] orders;
        BillView[] bills;
        uint256[] credits;
        uint256[] balances;
        uint256 held;
        uint256 supply;
    }

    constructor() {
        vm.warp(1_800_000_000);
        TOKEN = new DmcDevToken(address(this), 1e45);
        MARKET = IMarket(
            vm.deployCode(
                "Market.sol:Market",
                abi.encode(
                    address(TOKEN), Parameters(WEEK, 3 days, 1 days, 1 hours, 7 days, 104 * WEEK, 5_000, 500, 2_000)
                )
            )
        );
        TREE = new TreeModel();
        for (uint256 i = 0; i < WALLETS; ++i) {
            wallets.push(_actor(string.concat("wallet", vm.toString(i))));
            TOKEN.transfer(wallets[i], 1e40);
            vm.deal(wallets[i], 1e30);
            vm.prank(wallets[i]);
            TOKEN.approve(address(MARKET), type(uint256).max);
        }
        operators.push(_actor("operator0"));
        operators.push(_actor("operator1"));
        operators.push(address(new RefusingOperator()));
        operators.push(address(new ReenteringOperator(MARKET, wallets[0])));
    }

    function violationCount() external view returns (uint256) {
        return violations.length;
    }

    function blame(string calldata what) external {
        violations.push(what);
    }

    // ------------------------------------------------------------------ things to act on

    function terms(uint256 seed) public view returns (BillTerms memory t) {
        t.step = 1 + seed % 700;
        t.capacity = t.step * (1 + (seed >> 16) % 12);
        // Prices of both kinds: divisible by themselves, and only together with the step.
        uint256 twos = 1024 / _gcd1024(t.step);
        t.price = twos * (1 + (seed >> 32) % 1e15);
        t.pledgeRate = 1 + (seed >> 96) % 40;
        t.minWeeks = 1 + (seed >> 104) % 3;
        t.maxWeeks = t.minWeeks + (seed >> 112) % 20;
        t.bond = (seed >> 120) % 5 == 0 ? 0 : (seed >> 128) % 1e19;
        t.expiresAt = block.timestamp + (seed >> 200) % (20 * WEEK);
    }

    function _gcd1024(uint256 n) private pure returns (uint256 g) {
        g = 1;
        while (g < 1024 && n % (2 * g) == 0) g *= 2;
    }

    /// @notice An order's terms on a live bill with room; makes the bill when there is none.
    function orderTerms(uint256 seed) public returns (OrderTerms memory t, address user) {
        uint256 billId = liveBill(seed);
        BillView memory bill = MARKET.getBill(billId);
        t.billId = billId;
        t.expectedMiner = bill.miner;
        t.capacity = bill.step * (1 + (seed >> 8) % (bill.free / bill.step));
        t.weeks_ = bill.minWeeks + (seed >> 16) % (bill.maxWeeks - bill.minWeeks + 1);
        t.maxPrice = bill.price;
        t.minPledgeRate = bill.pledgeRate;
        t.maxBond = bill.bond;
        t.challenges = (seed >> 24) % 4;
        user = wallets[(seed >> 32) % WALLETS];
        if (user == bill.miner) user = wallets[((seed >> 32) + 1) % WALLETS];
    }

    function liveBill(uint256 seed) public returns (uint256) {
        (uint256 bills,) = MARKET.counts();
        for (uint256 i = 0; i < bills; ++i) {
            uint256 id = 1 + (seed % bills + i) % bills;
            BillView memory bill = MARKET.getBill(id);
            if (!bill.cancelled && bill.free > 0 && block.timestamp <= bill.expiresAt) return id;
        }
        act(wallets[(seed >> 40) % WALLETS], 0, abi.encodeCall(MARKET.createBill, (terms(seed))));
        return bills + 1;
    }

    /// @notice An order that fits; makes one when there is none. `want` 0: preparing, 1: running and unchallenged,
    /// 2: running with an open challenge in time.
    function orderIn(uint256 want, uint256 seed) public returns (uint256) {
        (, uint256 orders) = MARKET.counts();
        for (uint256 i = 0; i < orders; ++i) {
            uint256 id = 1 + (seed % orders + i) % orders;
            if (_fits(id, want)) return id;
        }
        if (want == 0) {
            (OrderTerms memory t, address user) = orderTerms(seed);
            act(user, 0, abi.encodeCall(MARKET.createOrder, (t)));
            return orders + 1;
        }
        uint256 made = orderIn(want - 1, seed);
        OrderView memory order = MARKET.getOrder(made);
        if (want == 1) {
            if (block.timestamp > order.createdAt + 3 days) {
                (OrderTerms memory t, address user) = orderTerms(seed);
                act(user, 0, abi.encodeCall(MARKET.createOrder, (t)));
                made = orders + 1;
            }
            agree(made, seed);
        } else {
            if (order.reserve < order.bond) act(order.miner, 0, abi.encodeCall(MARKET.topUp, (made, 1)));
            if (block.timestamp < order.nextChallengeAt) {
                vm.warp(order.nextChallengeAt);
                if (block.timestamp > order.endsAt) return orderIn(want, seed);
            }
            uint256 leaf = seed % (order.commitment.size / 1024);
            act(order.user, 0, abi.encodeCall(MARKET.challenge, (made, leaf)));
        }
        return made;
    }

    function _fits(uint256 id, uint256 want) private view returns (bool) {
        OrderView memory order = MARKET.getOrder(id);
        if (want == 0) return order.state == OrderState.Preparing;
        if (order.state != OrderState.Active) return false;
        if (want == 1) return order.challenge.deadline == 0 && block.timestamp <= order.endsAt;
        return order.challenge.deadline >= block.timestamp;
    }

    /// @notice Both sides state the same new commitment.
    function agree(uint256 orderId, uint256 seed) public returns (bool) {
        (bytes32 root, uint256 size) = newData(orderId, seed);
        OrderView memory order = MARKET.getOrder(orderId);
        bool first = act(order.user, 0, abi.encodeCall(MARKET.prepare, (orderId, 0, root, size)));
        return act(order.miner, 0, abi.encodeCall(MARKET.prepare, (orderId, 1, root, size))) && first;
    }

    /// @notice A commitment that fits the order: new data of at least the size in force.
    function newData(uint256 orderId, uint256 seed) public returns (bytes32 root, uint256 size) {
        OrderView memory order = MARKET.getOrder(orderId);
        uint256 leaves = order.commitment.size / 1024 + seed % 2;
        if (leaves == 0) leaves = 1;
        if (leaves > 5) leaves = 5;
        uint256 s = ++_seeds * 100;
        root = TREE.rootOf(s, leaves, depth(order.capacity));
        data[root] = Known(s, leaves);
        size = leaves * 1024;
    }

    function depth(uint256 capacity) public pure returns (uint256 levels) {
        levels = 10;
        while ((uint256(1) << (levels - 10)) < capacity) ++levels;
    }

    function answerOf(uint256 orderId) public view returns (bytes memory) {
        OrderView memory order = MARKET.getOrder(orderId);
        Known memory known = data[order.commitment.root];
        uint256 index = order.challenge.leafIndex;
        return abi.encodeCall(
            MARKET.answer,
            (
                orderId,
                TREE.leafOf(known.seed + index),
                TREE.pathOf(known.seed, known.leaves, depth(order.capacity), index)
            )
        );
    }

    function donate(uint256 amount) external {
        TOKEN.transfer(address(MARKET), amount);
        unsolicited += amount;
    }

    // ------------------------------------------------------------------ the judge

    /// @notice Makes a call and judges it. False: the Market refused, with a custom error.
    function act(address caller, uint256 value, bytes memory call_) public returns (bool success) {
        Picture memory before = _picture();
        bytes memory result;
        vm.prank(caller);
        (success, result) = address(MARKET).call{value: value}(call_);
        if (!success) {
            bytes4 selector = bytes4(result);
            if (result.length < 4) _violated("I11: a revert without an error");
            if (selector == bytes4(keccak256("Panic(uint256)"))) _violated("I11: a panic");
            return false;
        }
        _judge(before, _picture(), call_, caller);
    }

    function _picture() private view returns (Picture memory p) {
        (uint256 bills, uint256 orders) = MARKET.counts();
        p.orders = new OrderView[](orders);
        p.bills = new BillView[](bills);
        p.credits = new uint256[](WALLETS + OPERATORS);
        p.balances = new uint256[](WALLETS + OPERATORS);
        for (uint256 i = 0; i < bills; ++i) {
            p.bills[i] = MARKET.getBill(i + 1);
            p.held += p.bills[i].pledge;
        }
        for (uint256 i = 0; i < orders; ++i) {
            p.orders[i] = MARKET.getOrder(i + 1);
            p.held += _held(p.orders[i]);
        }
        for (uint256 i = 0; i < WALLETS + OPERATORS; ++i) {
            address account = accountAt(i);
            p.credits[i] = MARKET.credit(account);
            p.balances[i] = TOKEN.balanceOf(account);
        }
        p.supply = TOKEN.totalSupply();
    }

    function accountAt(uint256 i) public view returns (address) {
        return i < WALLETS ? wallets[i] : operators[i - WALLETS];
    }

    function _held(OrderView memory order) private pure returns (uint256) {
        return order.escrow + order.pledge + order.reserve + order.challenge.bond;
    }

    function _violated(string memory what) private {
        violations.push(what);
    }

    function _judge(Picture memory a, Picture memory b, bytes memory call_, address caller) private {
        bytes4 selector = bytes4(call_);
        // One call of multicall may do several acts: only what holds for any number of acts is judged there.
        bool several = selector == IMarket.multicall.selector;
        _judgeCredits(a, b, call_);
        if (!several) {
            _judgeOrders(a, b, selector);
            _judgeMoney(a, b, selector, caller);
        }
        _keepBooks(a, b);
    }

    /// @dev I3 and I4: transitions are those of the table, one a call; what is final stays as it is. I6 and I9.
    function _judgeOrders(Picture memory a, Picture memory b, bytes4 selector) private {
        uint256 changes;
        for (uint256 i = 0; i < a.orders.length; ++i) {
            (OrderView memory x, OrderView memory y) = (a.orders[i], b.orders[i]);
            if (x.state != y.state) {
                ++changes;
                bool allowed =
                    (x.state == OrderState.Preparing
                            && (y.state == OrderState.Active
                                || y.state == OrderState.Cancelled
                                || y.state == OrderState.Refused))
                        || (x.state == OrderState.Active
                            && (y.state == OrderState.Ended || y.state == OrderState.Slashed));
                if (!allowed) _violated("I4: a transition that is not in the table");
            }
            if (y.state == OrderState.Slashed && x.state == OrderState.Active) {
                bool lawful = selector == IMarket.slash.selector && x.challenge.deadline != 0
                    && block.timestamp > x.challenge.deadline;
                if (!lawful) _violated("I6: a slash without an expired challenge");
            }
            if (y.state == OrderState.Active && x.state == OrderState.Active) {
                bool opened = x.challenge.deadline == 0 && y.challenge.deadline != 0;
                bool closed = x.challenge.deadline != 0 && y.challenge.deadline == 0;
                if (opened && selector != IMarket.challenge.selector) _violated("I9: opened by no challenge");
                if (closed && selector != IMarket.answer.selector) _violated("I9: closed by no answer");
                if (closed && block.timestamp > x.challenge.deadline) _violated("I9: answered too late");
                if (y.commitment.size < x.commitment.size) _violated("a size shrank");
            }
            if (x.challenge.deadline != 0) _judgeFrozen(x, y, selector);
        }
        if (changes > 1) _violated("I4: several transitions in one call");
        for (uint256 i = a.orders.length; i < b.orders.length; ++i) {
            if (b.orders[i].state != OrderState.Preparing) _violated("I4: born in another state");
        }
    }

    /// @dev The freeze rule.
    function _judgeFrozen(OrderView memory x, OrderView memory y, bytes4 selector) private {
        if (selector == IMarket.answer.selector || selector == IMarket.slash.selector) return;
        if (selector == IMarket.topUp.selector && y.reserve > x.reserve) {
            OrderView memory z = abi.decode(abi.encode(x), (OrderView));
            z.reserve = y.reserve;
            x = z;
        }
        if (keccak256(abi.encode(x)) != keccak256(abi.encode(y))) _violated("a challenged order changed");
    }

    /// @dev I5 and I10: credits fall only by being paid, in full, to their account; operators never have any.
    function _judgeCredits(Picture memory a, Picture memory b, bytes memory call_) private {
        for (uint256 i = 0; i < b.credits.length; ++i) {
            if (b.credits[i] < a.credits[i]) {
                bool whole = b.credits[i] == 0 || bytes4(call_) == IMarket.multicall.selector;
                bool received =
                    bytes4(call_) == IMarket.multicall.selector || b.balances[i] == a.balances[i] + a.credits[i];
                if (!whole || !received) _violated("I5: a credit fell without being paid");
            }
            if (i >= WALLETS && (b.credits[i] != 0 || b.balances[i] != 0)) {
                _violated("I10: an operator gained a token");
            }
        }
    }

    /// @dev I3: money is conserved in each call, and only the parties of the one order or bill gain.
    function _judgeMoney(Picture memory a, Picture memory b, bytes4 selector, address caller) private {
        (uint256 creditA, uint256 creditB, uint256 balanceA, uint256 balanceB) = (0, 0, 0, 0);
        for (uint256 i = 0; i < b.credits.length; ++i) {
            creditA += a.credits[i];
            creditB += b.credits[i];
            balanceA += a.balances[i];
            balanceB += b.balances[i];
            bool lost = b.balances[i] < a.balances[i];
            if (lost && accountAt(i) != caller) _violated("somebody else paid");
        }
        if (a.held + creditA + balanceA + b.supply != b.held + creditB + balanceB + a.supply) {
            _violated("I2: money appeared or vanished");
        }
        if (a.supply != b.supply && selector != IMarket.slash.selector) _violated("burned without a slash");
        for (uint256 k = 0; k < a.orders.length; ++k) {
            (uint256 x, uint256 y) = (_held(a.orders[k]), _held(b.orders[k]));
            if (x <= y) continue;
            for (uint256 i = 0; i < b.credits.length; ++i) {
                bool gained = b.credits[i] > a.credits[i];
                address account = accountAt(i);
                bool party = account == a.orders[k].user || account == a.orders[k].miner;
                if (gained && !party && selector != IMarket.slash.selector) _violated("a stranger was credited");
            }
        }
    }

    /// @dev Per order what went in and what came out; I3 and I8 are judged from these books.
    function _keepBooks(Picture memory a, Picture memory b) private {
        for (uint256 i = 0; i < b.orders.length; ++i) {
            uint256 y = _held(b.orders[i]);
            uint256 x = i < a.orders.length ? _held(a.orders[i]) : 0;
            if (y > x) put[i + 1] += y - x;
            else if (x > y) paid[i + 1] += x - y;
            bool wasFinal = i < a.orders.length && a.orders[i].state > OrderState.Active;
            if (b.orders[i].state > OrderState.Active) {
                bytes32 hash = keccak256(abi.encode(b.orders[i]));
                if (wasFinal && hash != _final[i + 1]) _violated("I3: a final order changed");
                if (wasFinal) continue;
                _final[i + 1] = hash;
                if (y != 0 || put[i + 1] != paid[i + 1]) _violated("I3: a final order did not pay out exactly");
            }
        }
        for (uint256 i = 0; i < b.bills.length; ++i) {
            if (i < a.bills.length && b.bills[i].cancelled && !a.bills[i].cancelled) {
                _retired[i + 1] = a.bills[i].free;
            }
        }
        _judgeCapacity(a, b);
    }

    mapping(uint256 billId => uint256 capacity) private _lost;

    /// @dev I8: capacity of a bill = free + of its orders + what was free at its cancelling + what came back too late.
    function _judgeCapacity(Picture memory a, Picture memory b) private {
        bool moved;
        uint256[] memory taken = new uint256[](b.bills.length);
        for (uint256 k = 0; k < b.orders.length; ++k) {
            OrderView memory order = b.orders[k];
            bool undone = order.state == OrderState.Cancelled || order.state == OrderState.Refused;
            if (!undone) {
                taken[order.billId - 1] += order.capacity;
                continue;
            }
            bool now_ = k < a.orders.length && a.orders[k].state == OrderState.Preparing;
            BillView memory bill = b.bills[order.billId - 1];
            bool dead = bill.cancelled || block.timestamp > bill.expiresAt;
            if (now_) moved = true;
            if (now_ && dead) _lost[order.billId] += order.capacity;
        }
        for (uint256 i = 0; i < b.bills.length; ++i) {
            // The books of a bill that has not moved were judged when it last did.
            bool same = i < a.bills.length && a.orders.length == b.orders.length && a.bills[i].free == b.bills[i].free
                && a.bills[i].capacity == b.bills[i].capacity;
            if (same && !moved) continue;
            uint256 sum = b.bills[i].free + taken[i] + _retired[i + 1] + _lost[i + 1];
            if (sum != b.bills[i].capacity) _violated("I8: capacity appeared or vanished");
        }
    }

    // ------------------------------------------------------------------ sums and the way out

    /// @notice I1: what the Market says it answers for, what that must be, and what it has.
    function sums() external view returns (uint256 tracked, uint256 expected, uint256 balance) {
        Picture memory p = _picture();
        expected = p.held;
        for (uint256 i = 0; i < p.credits.length; ++i) {
            expected += p.credits[i];
        }
        return (MARKET.trackedTotal(), expected, TOKEN.balanceOf(address(MARKET)));
    }

    /// @notice I7: time and anybody's calls; nobody of the parties does anything.
    function drain() external returns (uint256 left) {
        vm.warp(block.timestamp + 200 * WEEK);
        (uint256 bills, uint256 orders) = MARKET.counts();
        for (uint256 id = 1; id <= orders; ++id) {
            OrderView memory order = MARKET.getOrder(id);
            if (order.state == OrderState.Preparing) MARKET.cancelOrder(id);
            else if (order.state == OrderState.Active && order.challenge.deadline != 0) MARKET.slash(id, order.user);
            else if (order.state == OrderState.Active) MARKET.finish(id);
        }
        for (uint256 id = 1; id <= bills; ++id) {
            if (!MARKET.getBill(id).cancelled) MARKET.cancelBill(id);
        }
        for (uint256 i = 0; i < WALLETS + OPERATORS; ++i) {
            if (MARKET.credit(accountAt(i)) != 0) MARKET.withdraw(accountAt(i));
        }
        return MARKET.trackedTotal() + TOKEN.balanceOf(address(MARKET)) - unsolicited;
    }
}
