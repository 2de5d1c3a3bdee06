// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "../../src/IMarket.sol";
import {BillView, Grant, OrderTerms, OrderView, Permit} from "../../src/MarketTypes.sol";
import {TestBase} from "../helpers/TestBase.sol";
import {World} from "./World.sol";

/// @notice What all handlers share. A handler's call reverts when the Market refused it, unless something forbidden was
/// seen: so forge's own count of calls without a revert is the count of acts that succeeded.
abstract contract Handler is TestBase {
    World internal immutable WORLD;
    IMarket internal immutable MARKET;

    error Refused();

    constructor(World world) {
        (WORLD, MARKET) = (world, world.MARKET());
    }

    /// @dev forge likes small and extreme numbers; all bits of these are used.
    function _mix(uint256 seed) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed)));
    }

    function _do(address caller, bytes memory call_) internal {
        _do(caller, 0, call_);
    }

    function _do(address caller, uint256 value, bytes memory call_) internal {
        uint256 seen = WORLD.violationCount();
        if (!WORLD.act(caller, value, call_) && WORLD.violationCount() == seen) revert Refused();
    }

    /// @dev For what must be refused.
    function _doNot(address caller, bytes memory call_) internal {
        WORLD.act(caller, 0, call_);
    }

    function _wallet(uint256 seed) internal view returns (address) {
        return WORLD.wallets(seed % WORLD.WALLETS());
    }

    function _operator(uint256 seed) internal view returns (address) {
        return WORLD.operators(seed % WORLD.OPERATORS());
    }

    /// @dev Mostly the one who may; sometimes anybody.
    function _mostly(address who, uint256 seed) internal view returns (address) {
        return (seed >> 200) % 10 == 0 ? WORLD.accountAt((seed >> 208) % 12) : who;
    }
}

contract BillHandler is Handler {
    constructor(World world) Handler(world) {}

    function createBill(uint256 seed) external {
        seed = _mix(seed);
        _do(_wallet(seed >> 60), abi.encodeCall(MARKET.createBill, (WORLD.terms(seed))));
    }

    function shrinkBill(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.liveBill(seed);
        BillView memory bill = MARKET.getBill(id);
        uint256 capacity = bill.step * (1 + (seed >> 8) % (bill.free / bill.step));
        _do(_mostly(bill.miner, seed), abi.encodeCall(MARKET.shrinkBill, (id, capacity)));
    }

    function cancelBill(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.liveBill(seed);
        BillView memory bill = MARKET.getBill(id);
        if (seed % 4 == 0) vm.warp(bill.expiresAt + 1);
        _do(seed % 4 == 0 ? _wallet(seed >> 8) : bill.miner, abi.encodeCall(MARKET.cancelBill, (id)));
    }

    function setEndpoint(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.liveBill(seed);
        _do(_mostly(MARKET.getBill(id).miner, seed), abi.encodeCall(MARKET.setEndpoint, (id, "https://m:2")));
    }

    function openAsMiner(uint256 seed) external {
        seed = _mix(seed);
        Permit memory permit;
        Grant memory grant = Grant(_operator(seed), 1 + seed % 15, block.timestamp + (seed >> 8) % 1e7);
        _do(
            _wallet(seed >> 60),
            seed % 3,
            abi.encodeCall(MARKET.openAsMiner, (permit, grant, WORLD.terms(seed), "https://m:1"))
        );
    }
}

contract OrderHandler is Handler {
    constructor(World world) Handler(world) {}

    function createOrder(uint256 seed) external {
        seed = _mix(seed);
        (OrderTerms memory terms, address user) = WORLD.orderTerms(seed);
        _do(user, abi.encodeCall(MARKET.createOrder, (terms)));
    }

    function openAsUser(uint256 seed) external {
        seed = _mix(seed);
        (OrderTerms memory terms, address user) = WORLD.orderTerms(seed);
        Permit memory permit = Permit(seed % 2, block.timestamp, 27, bytes32(seed), bytes32(seed));
        Grant memory grant = Grant(_operator(seed), 1 + seed % 15, block.timestamp + (seed >> 8) % 1e7);
        _do(user, seed % 3, abi.encodeCall(MARKET.openAsUser, (permit, grant, terms)));
    }

    function prepare(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(seed % 2, seed >> 8);
        OrderView memory order = MARKET.getOrder(id);
        uint256 side = (seed >> 1) % 2;
        (bytes32 root, uint256 size) = WORLD.newData(id, seed);
        bytes32 theirs = side == 0 ? order.minerPrepare.root : order.userPrepare.root;
        if (theirs != 0 && seed % 3 != 0) {
            (root, size) = (theirs, side == 0 ? order.minerPrepare.size : order.userPrepare.size);
        } else if (seed % 11 == 0) {
            (root, size) = (0, 0);
        }
        address caller = side == 0 ? order.user : order.miner;
        if ((seed >> 3) % 4 == 0) caller = _operator(seed >> 5);
        _do(caller, abi.encodeCall(MARKET.prepare, (id, side, root, size)));
    }

    function agree(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(seed % 2, seed >> 8);
        uint256 seen = WORLD.violationCount();
        if (!WORLD.agree(id, seed) && WORLD.violationCount() == seen) revert Refused();
    }

    function refuse(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(0, seed);
        _do(_mostly(MARKET.getOrder(id).miner, seed), abi.encodeCall(MARKET.refuse, (id, "no")));
    }

    function cancelOrder(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(0, seed);
        OrderView memory order = MARKET.getOrder(id);
        bool late = seed % 3 == 0;
        if (late && block.timestamp <= order.createdAt + 3 days) vm.warp(order.createdAt + 3 days + 1);
        _do(late ? _wallet(seed >> 8) : _mostly(order.user, seed), abi.encodeCall(MARKET.cancelOrder, (id)));
    }

    function topUp(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(seed % 3, seed);
        _do(_wallet(seed >> 8), abi.encodeCall(MARKET.topUp, (id, 1 + seed % 3)));
    }

    function extendOrder(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(1, seed);
        OrderView memory order = MARKET.getOrder(id);
        _do(_mostly(order.user, seed), abi.encodeCall(MARKET.extendOrder, (id, 1 + seed % 2, order.price)));
    }

    function shorten(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(1, seed);
        OrderView memory order = MARKET.getOrder(id);
        uint256 least = 1 + (block.timestamp - order.start) / 604_800;
        uint256 weeks_ = least >= order.weeks_ ? least : least + seed % (order.weeks_ - least);
        _do(_mostly(order.user, seed), abi.encodeCall(MARKET.shorten, (id, weeks_)));
    }
}

contract ChallengeHandler is Handler {
    constructor(World world) Handler(world) {}

    function challenge(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(1, seed);
        OrderView memory order = MARKET.getOrder(id);
        if (order.reserve < order.bond) WORLD.act(order.user, 0, abi.encodeCall(MARKET.topUp, (id, 2)));
        if (block.timestamp < order.nextChallengeAt) vm.warp(order.nextChallengeAt);
        address caller = seed % 5 == 0 ? _operator(seed >> 8) : _mostly(order.user, seed);
        uint256 leaf = (seed >> 16) % (order.commitment.size / 1024);
        _do(caller, abi.encodeCall(MARKET.challenge, (id, leaf)));
    }

    function answer(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(2, seed);
        if (seed % 7 == 0) vm.warp(MARKET.getOrder(id).challenge.deadline);
        _do(WORLD.accountAt((seed >> 8) % 12), WORLD.answerOf(id));
    }

    /// @dev Answers that are none: the Market must refuse them, and nothing may change.
    function answerWrongly(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(2, seed);
        bytes memory call_ = WORLD.answerOf(id);
        // Behind selector, id, two offsets and the length: the leaf.
        uint256 position = 4 + 4 * 32 + seed % 1024;
        call_[position] ^= bytes1(uint8(1 << (seed >> 16) % 8));
        if (WORLD.act(_wallet(seed >> 8), 0, call_)) revert("a wrong answer passed");
    }

    function slash(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(2, seed);
        OrderView memory order = MARKET.getOrder(id);
        if (seed % 3 == 0) _doNot(_wallet(seed), abi.encodeCall(MARKET.slash, (id, order.user)));
        vm.warp(order.challenge.deadline + 1 + (seed >> 8) % (seed % 2 == 0 ? 1 : 1e7));
        _doNot(_wallet(seed), WORLD.answerOf(id));
        address rewardTo = _wallet(seed >> 16);
        address operator = _operator(seed >> 24);
        (uint8 a,) = MARKET.operatorOf(order.user, operator);
        (uint8 b,) = MARKET.operatorOf(order.miner, operator);
        if (a | b != 0) _doNot(operator, abi.encodeCall(MARKET.slash, (id, operator)));
        _do(seed % 2 == 0 ? operator : _wallet(seed >> 32), abi.encodeCall(MARKET.slash, (id, rewardTo)));
    }

    /// @dev Leaves a late challenge behind, for others to meet.
    function leaveLate(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(2, seed);
        vm.warp(MARKET.getOrder(id).challenge.deadline + 1);
    }
}

contract SettleHandler is Handler {
    constructor(World world) Handler(world) {}

    function claim(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(1, seed);
        if (MARKET.getOrder(id).claimable == 0) vm.warp(block.timestamp + 604_801 + seed % 604_800);
        _do(WORLD.accountAt((seed >> 8) % 12), abi.encodeCall(MARKET.claim, (id)));
    }

    function finish(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(1, seed);
        uint256 endsAt = MARKET.getOrder(id).endsAt;
        if (endsAt > block.timestamp + 10 weeks) revert Refused();
        vm.warp(endsAt + 1);
        _do(WORLD.accountAt((seed >> 8) % 12), abi.encodeCall(MARKET.finish, (id)));
    }

    function end(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(1, seed);
        OrderView memory order = MARKET.getOrder(id);
        uint256 until = seed % 9 == 0 ? 0 : block.timestamp + (seed >> 8) % 1e7;
        _do(_mostly(seed % 2 == 0 ? order.user : order.miner, seed), abi.encodeCall(MARKET.end, (id, until)));
    }

    function endTogether(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(1, seed);
        OrderView memory order = MARKET.getOrder(id);
        WORLD.act(order.user, 0, abi.encodeCall(MARKET.end, (id, block.timestamp)));
        if (MARKET.getOrder(id).state == order.state) {
            _do(order.miner, abi.encodeCall(MARKET.end, (id, block.timestamp)));
        }
    }

    function quit(uint256 seed) external {
        seed = _mix(seed);
        uint256 id = WORLD.orderIn(1, seed);
        _do(_mostly(MARKET.getOrder(id).miner, seed), abi.encodeCall(MARKET.quit, (id)));
    }

    function withdraw(uint256 seed) external {
        seed = _mix(seed);
        for (uint256 i = 0; i < 12; ++i) {
            address account = WORLD.accountAt((seed + i) % 12);
            if (MARKET.credit(account) == 0) continue;
            _do(_wallet(seed >> 8), abi.encodeCall(MARKET.withdraw, (account)));
            return;
        }
        revert Refused();
    }
}

contract ChaosHandler is Handler {
    constructor(World world) Handler(world) {}

    function warp(uint256 seed) external {
        seed = _mix(seed);
        vm.warp(block.timestamp + seed % (seed % 5 == 0 ? 4 weeks : 1 days));
    }

    function donate(uint256 seed) external {
        seed = _mix(seed);
        WORLD.donate(1 + seed % 1e20);
    }

    function setOperator(uint256 seed) external {
        seed = _mix(seed);
        address operator = _operator(seed);
        uint256 scopes = (seed >> 8) % 16;
        bool paid = scopes != 0 && operator != WORLD.operators(2);
        _do(
            _wallet(seed >> 16),
            paid ? seed % 5 : 0,
            abi.encodeCall(MARKET.setOperator, (operator, scopes, block.timestamp + (seed >> 24) % 1e7))
        );
    }

    function payTheRefusingOperator(uint256 seed) external {
        seed = _mix(seed);
        if (WORLD.act(_wallet(seed), 1, abi.encodeCall(MARKET.setOperator, (WORLD.operators(2), 1, block.timestamp)))) {
            revert("a float vanished");
        }
    }

    function multicall(uint256 seed) external {
        seed = _mix(seed);
        bytes[] memory calls = new bytes[](2);
        address caller = _wallet(seed);
        calls[0] = abi.encodeCall(MARKET.createBill, (WORLD.terms(seed)));
        calls[1] = abi.encodeCall(MARKET.setEndpoint, (0, "https://all:1"));
        _do(caller, abi.encodeCall(MARKET.multicall, (calls)));
    }

    /// @dev Any act with any small ids and any numbers: only its way of failing matters.
    function anything(uint256 a, uint256 b, uint256 c, uint256 seed) external {
        seed = _mix(seed);
        (, uint256 orders) = MARKET.counts();
        uint256 id = a % (orders + 2);
        bytes[] memory calls = new bytes[](14);
        calls[0] = abi.encodeCall(MARKET.prepare, (id, b % 2, bytes32(c), c % 8 * 1024));
        calls[1] = abi.encodeCall(MARKET.refuse, (id, ""));
        calls[2] = abi.encodeCall(MARKET.cancelOrder, (id));
        calls[3] = abi.encodeCall(MARKET.extendOrder, (id, b, c));
        calls[4] = abi.encodeCall(MARKET.shorten, (id, b % 30));
        calls[5] = abi.encodeCall(MARKET.topUp, (id, b));
        calls[6] = abi.encodeCall(MARKET.challenge, (id, b % 9));
        calls[7] = abi.encodeCall(MARKET.slash, (id, _wallet(b)));
        calls[8] = abi.encodeCall(MARKET.claim, (id));
        calls[9] = abi.encodeCall(MARKET.finish, (id));
        calls[10] = abi.encodeCall(MARKET.end, (id, block.timestamp + b % 1e6));
        calls[11] = abi.encodeCall(MARKET.quit, (id));
        calls[12] = abi.encodeCall(MARKET.cancelBill, (b % 40));
        calls[13] = abi.encodeCall(MARKET.shrinkBill, (b % 40, c));
        _doNot(WORLD.accountAt((seed >> 16) % 12), calls[seed % 14]);
    }

    /// @dev I7 in the middle of a life: drains the Market, then undoes it.
    function drain(uint256) external {
        uint256 snapshot = vm.snapshotState();
        uint256 left = WORLD.drain();
        vm.revertToState(snapshot);
        if (left != 0) WORLD.blame("I7: the Market could not be emptied");
    }
}
