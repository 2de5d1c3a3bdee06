// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

/// @notice Every caller x every act: who may is allowed, who may not meets the error that says why.
contract CallersTest is MarketFixture {
    /// @dev The callers, each with what it is to user and miner of the order.
    address[] private callers;
    uint256 private constant OWN_USER = 0;
    uint256 private constant OWN_MINER = 1;
    uint256 private constant STRANGER = 2;
    uint256 private constant USER_ALL = 3;
    uint256 private constant MINER_ALL = 4;
    uint256 private constant USER_PREPARE = 5;
    uint256 private constant USER_CHALLENGE = 6;
    uint256 private constant USER_OTHER = 7;
    uint256 private constant MINER_PREPARE = 8;
    uint256 private constant MINER_REFUSE = 9;
    uint256 private constant MINER_ENDPOINT = 10;
    uint256 private constant USER_EXPIRED = 11;
    uint256 private constant MINER_EXPIRED = 12;
    uint256 private constant USER_REVOKED = 13;
    uint256 private constant MINER_REVOKED = 14;
    uint256 private constant BOTH_ALL = 15;
    uint256 private constant COUNT = 16;

    uint256 private preparing;
    uint256 private active;
    uint256 private challenged;
    uint256 private late;
    uint256 private over;
    uint256 private expiry;

    function setUp() public override {
        super.setUp();
        callers = new address[](COUNT);
        for (uint256 i = 0; i < COUNT; ++i) {
            callers[i] = _actor(string.concat("caller", vm.toString(i)));
            accounts.push(callers[i]);
            if (i > OWN_MINER) _fund(callers[i]);
        }
        (callers[OWN_USER], callers[OWN_MINER]) = (user, miner);
        _authorise(user, callers[USER_ALL], 15);
        _authorise(miner, callers[MINER_ALL], 15);
        _authorise(user, callers[USER_PREPARE], PREPARE);
        _authorise(user, callers[USER_CHALLENGE], CHALLENGE);
        _authorise(user, callers[USER_OTHER], REFUSE | ENDPOINT);
        _authorise(miner, callers[MINER_PREPARE], PREPARE);
        _authorise(miner, callers[MINER_REFUSE], REFUSE);
        _authorise(miner, callers[MINER_ENDPOINT], ENDPOINT);
        _authorise(user, callers[USER_REVOKED], 15);
        _authorise(miner, callers[MINER_REVOKED], 15);
        _authorise(user, callers[BOTH_ALL], 15);
        _authorise(miner, callers[BOTH_ALL], 15);
        vm.startPrank(user);
        market.setOperator(callers[USER_REVOKED], 0, 0);
        market.setOperator(callers[USER_EXPIRED], 15, T0);
        vm.stopPrank();
        vm.startPrank(miner);
        market.setOperator(callers[MINER_REVOKED], 0, 0);
        market.setOperator(callers[MINER_EXPIRED], 15, T0);
        vm.stopPrank();
        vm.warp(T0 + 1);
        active = _active();
        over = _active();
        late = _challenged();
        vm.prank(user);
        market.shorten(over, MIN_WEEKS);
        vm.warp(T0 + 2 * WEEK + 2);
        preparing = _preparing();
        challenged = _challenged();
        expiry = T0 + 30 * DAY;
    }

    /// @dev Runs one act from one caller, in a world of its own, and returns what it reverted with.
    function _try(uint256 caller, bytes memory call_) private returns (bytes memory reason) {
        uint256 snapshot = vm.snapshotState();
        vm.prank(callers[caller]);
        (bool success, bytes memory data) = address(market).call(call_);
        if (success) _assertSolvent();
        vm.revertToState(snapshot);
        return success ? bytes("") : data;
    }

    function _row(bytes memory call_, address owner, uint8 scope, uint256 allowed) private {
        for (uint256 i = 0; i < COUNT; ++i) {
            bytes memory reason = _try(i, call_);
            bytes memory expected;
            if ((allowed >> i) & 1 == 0) expected = _refusal(i, owner, scope);
            vm.assertEq(reason, expected, string.concat("caller ", vm.toString(i)));
        }
    }

    /// @dev What a caller without the right meets. Scope 0: the act is for the wallet only.
    function _refusal(uint256 caller, address owner, uint8 scope) private view returns (bytes memory) {
        if (scope == 0) return abi.encodeWithSelector(IMarketErrors.NotOwner.selector, owner, callers[caller]);
        (uint8 scopes, uint256 expiresAt) = market.operatorOf(owner, callers[caller]);
        if (scopes == 0) {
            return abi.encodeWithSelector(IMarketErrors.OperatorUnknown.selector, owner, callers[caller]);
        }
        if (expiresAt < block.timestamp) {
            return abi.encodeWithSelector(IMarketErrors.OperatorExpired.selector, expiresAt, block.timestamp);
        }
        return abi.encodeWithSelector(IMarketErrors.OperatorScope.selector, scope, scopes);
    }

    function _bits(uint256 a, uint256 b, uint256 c, uint256 d) private pure returns (uint256) {
        return (1 << a) | (1 << b) | (1 << c) | (1 << d);
    }

    uint256 private constant ALL = (1 << COUNT) - 1;
    uint256 private constant ONLY_USER = 1 << OWN_USER;
    uint256 private constant ONLY_MINER = 1 << OWN_MINER;

    function test_prepareOfTheUser() public {
        uint256 allowed = _bits(OWN_USER, USER_ALL, USER_PREPARE, BOTH_ALL);
        _row(abi.encodeCall(market.prepare, (preparing, USER, root, SIZE)), user, PREPARE, allowed);
        _row(abi.encodeCall(market.prepare, (active, USER, root, SIZE)), user, PREPARE, allowed);
        _row(abi.encodeCall(market.prepare, (active, USER, 0, 0)), user, PREPARE, allowed);
    }

    function test_prepareOfTheMiner() public {
        uint256 allowed = _bits(OWN_MINER, MINER_ALL, MINER_PREPARE, BOTH_ALL);
        _row(abi.encodeCall(market.prepare, (preparing, MINER, root, SIZE)), miner, PREPARE, allowed);
        _row(abi.encodeCall(market.prepare, (active, MINER, root, SIZE)), miner, PREPARE, allowed);
    }

    function test_refuse() public {
        uint256 allowed = _bits(OWN_MINER, MINER_ALL, MINER_REFUSE, BOTH_ALL);
        _row(abi.encodeCall(market.refuse, (preparing, "")), miner, REFUSE, allowed);
    }

    function test_challenge() public {
        uint256 allowed = _bits(OWN_USER, USER_ALL, USER_CHALLENGE, BOTH_ALL);
        _row(abi.encodeCall(market.challenge, (active, 1)), user, CHALLENGE, allowed);
    }

    function test_endpoints() public {
        uint256 allowed = _bits(OWN_MINER, MINER_ALL, MINER_ENDPOINT, BOTH_ALL);
        _row(abi.encodeCall(market.setEndpoint, (1, "https://x:1")), miner, ENDPOINT, allowed);
        _row(abi.encodeCall(market.setDefaultEndpoint, (miner, "https://x:1")), miner, ENDPOINT, allowed);
        // Everybody has a default of its own.
        _row(abi.encodeCall(market.setEndpoint, (0, "https://x:1")), miner, ENDPOINT, ALL);
    }

    function test_actsOfTheUsersWallet() public {
        _row(abi.encodeCall(market.extendOrder, (active, 1, PRICE)), user, 0, ONLY_USER);
        _row(abi.encodeCall(market.shorten, (active, WEEKS - 1)), user, 0, ONLY_USER);
        for (uint256 i = 0; i < COUNT; ++i) {
            bytes memory reason = _try(i, abi.encodeCall(market.cancelOrder, (preparing)));
            uint256 deadline = T0 + 2 * WEEK + 2 + 3 * DAY;
            bytes memory expected = i == OWN_USER
                ? bytes("")
                : abi.encodeWithSelector(IMarketErrors.PrepareWindowOpen.selector, deadline, block.timestamp);
            vm.assertEq(reason, expected, vm.toString(i));
        }
    }

    function test_actsOfTheMinersWallet() public {
        _row(abi.encodeCall(market.quit, (active)), miner, 0, ONLY_MINER);
        _row(abi.encodeCall(market.shrinkBill, (1, STEP)), miner, 0, ONLY_MINER);
        for (uint256 i = 0; i < COUNT; ++i) {
            bytes memory reason = _try(i, abi.encodeCall(market.cancelBill, (1)));
            bytes memory expected = i == OWN_MINER
                ? bytes("")
                : abi.encodeWithSelector(IMarketErrors.BillNotExpired.selector, expiry + 1, block.timestamp);
            vm.assertEq(reason, expected, vm.toString(i));
        }
    }

    function test_endIsForBothWallets() public {
        for (uint256 i = 0; i < COUNT; ++i) {
            bytes memory reason = _try(i, abi.encodeCall(market.end, (active, T0 + 100 * WEEK)));
            bytes memory expected = i == OWN_USER || i == OWN_MINER
                ? bytes("")
                : abi.encodeWithSelector(IMarketErrors.NotParty.selector, user, miner, callers[i]);
            vm.assertEq(reason, expected, vm.toString(i));
        }
    }

    function test_everybodysActs() public {
        bytes memory leaf = tree.leafOf(SEED + 3);
        bytes32[] memory path = tree.pathOf(SEED, LEAVES, DEPTH, 3);
        _row(abi.encodeCall(market.answer, (challenged, leaf, path)), user, 0, ALL);
        _row(abi.encodeCall(market.claim, (active)), user, 0, ALL);
        _row(abi.encodeCall(market.finish, (over)), user, 0, ALL);
        _row(abi.encodeCall(market.slash, (late, other)), user, 0, ALL);
        _row(abi.encodeCall(market.topUp, (active, 1)), user, 0, ALL);
        _row(abi.encodeCall(market.withdraw, (user)), user, 0, ALL);
        _row(abi.encodeCall(market.createBill, (_billTerms())), user, 0, ALL);
        // Everybody but the miner itself.
        bytes memory order = abi.encodeCall(market.createOrder, (_orderTerms(1)));
        for (uint256 i = 0; i < COUNT; ++i) {
            bytes memory expected =
                i == OWN_MINER ? abi.encodeWithSelector(IMarketErrors.SelfOrder.selector, miner) : bytes("");
            vm.assertEq(_try(i, order), expected, vm.toString(i));
        }
    }

    function test_setOperatorIsForOneself() public {
        for (uint256 i = 0; i < COUNT; ++i) {
            vm.assertEq(_try(i, abi.encodeCall(market.setOperator, (userAgent, 1, T0 + WEEK * 9))), "");
        }
        // Nobody changes somebody else's.
        vm.prank(stranger);
        market.setOperator(callers[USER_ALL], 0, 0);
        (uint8 scopes,) = market.operatorOf(user, callers[USER_ALL]);
        vm.assertEq(scopes, 15);
    }

    function test_afterTheDeadlinesEverybody() public {
        vm.warp(T0 + 40 * DAY);
        _row(abi.encodeCall(market.cancelOrder, (preparing)), user, 0, ALL);
        _row(abi.encodeCall(market.cancelBill, (1)), user, 0, ALL);
    }
}
