// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {BillTerms, Grant, OrderTerms, Permit} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

/// @notice No input reaches a panic: whatever is asked, in whatever state, the answer is success or a custom error.
contract NoPanicTest is MarketFixture {
    uint256[] private ids;

    function setUp() public override {
        super.setUp();
        ids.push(_preparing());
        ids.push(_active());
        ids.push(_challenged());
        ids.push(_active());
        vm.prank(miner);
        market.quit(ids[3]);
        ids.push(_preparing());
        vm.prank(user);
        market.cancelOrder(ids[4]);
        ids.push(0);
        ids.push(99);
    }

    /// @dev Small numbers, edges and anything.
    function _any(uint256 seed) private pure returns (uint256) {
        uint256 kind = seed % 8;
        seed /= 8;
        if (kind == 0) return seed % 4;
        if (kind == 1) return type(uint256).max - seed % 4;
        if (kind == 2) return (1 << (seed % 256)) - (seed / 256) % 2;
        if (kind == 3) return T0 + seed % (200 * WEEK);
        if (kind == 4) return 1024 * (seed % 2_000_000);
        if (kind == 5) return seed % 200;
        if (kind == 6) return STEP * (seed % 16);
        return seed;
    }

    function _call(bytes memory call_, uint256 seed) private {
        address[4] memory callers = [user, miner, stranger, userAgent];
        vm.warp(T0 + (seed >> 8) % (12 * WEEK));
        vm.prank(callers[seed % 4]);
        (bool success, bytes memory reason) = address(market).call(call_);
        if (success) {
            _assertSolvent();
            return;
        }
        vm.assertGe(reason.length, 4, "no custom error");
        bytes4 selector = bytes4(reason);
        vm.assertTrue(selector != bytes4(keccak256("Panic(uint256)")), "panic");
        vm.assertTrue(selector != bytes4(keccak256("Error(string)")), "plain text");
    }

    function _id(uint256 seed) private view returns (uint256) {
        return seed % 9 < ids.length ? ids[seed % 9] : _any(seed / 9);
    }

    function testFuzz_orders(uint256 act, uint256 id, uint256 a, uint256 b, bytes32 c, uint256 seed) public {
        (id, a, b) = (_id(id), _any(a), _any(b));
        act %= 12;
        bytes memory call_;
        if (act == 0) call_ = abi.encodeCall(market.prepare, (id, a % 3, a % 2 == 0 ? root : c, b));
        else if (act == 1) call_ = abi.encodeCall(market.extendOrder, (id, a, b));
        else if (act == 2) call_ = abi.encodeCall(market.shorten, (id, a));
        else if (act == 3) call_ = abi.encodeCall(market.topUp, (id, a));
        else if (act == 4) call_ = abi.encodeCall(market.challenge, (id, a));
        else if (act == 5) call_ = abi.encodeCall(market.slash, (id, address(uint160(a))));
        else if (act == 6) call_ = abi.encodeCall(market.claim, (id));
        else if (act == 7) call_ = abi.encodeCall(market.finish, (id));
        else if (act == 8) call_ = abi.encodeCall(market.end, (id, a));
        else if (act == 9) call_ = abi.encodeCall(market.quit, (id));
        else if (act == 10) call_ = abi.encodeCall(market.cancelOrder, (id));
        else call_ = abi.encodeCall(market.withdraw, (address(uint160(a))));
        _call(call_, seed);
    }

    function testFuzz_bills(uint256 act, uint256 a, uint256 b, uint256 c, uint256 d, uint256 e, uint256 seed) public {
        (a, b, c, d, e) = (_any(a), _any(b), _any(c), _any(d), _any(e));
        bytes memory call_;
        if (act % 5 == 0) call_ = abi.encodeCall(market.shrinkBill, (a, b));
        else if (act % 5 == 1) call_ = abi.encodeCall(market.cancelBill, (a));
        else if (act % 5 == 2) call_ = abi.encodeCall(market.setOperator, (address(uint160(a)), b, c));
        else call_ = abi.encodeCall(market.createBill, (BillTerms(a, b, c, d, e % 100, e, a ^ b, T0 + c % WEEK)));
        _call(call_, seed);
    }

    function testFuzz_createOrder(uint256 a, uint256 b, uint256 c, uint256 d, uint256 e, uint256 seed) public {
        (a, b, c, d, e) = (_any(a), _any(b), _any(c), _any(d), _any(e));
        _call(
            abi.encodeCall(
                market.createOrder, (OrderTerms(1 + a % 5, seed % 3 == 0 ? stranger : miner, b, c, d, e % 20, a, e))
            ),
            seed
        );
    }

    function testFuzz_answer(uint256 id, bytes calldata leaf, bytes32[] calldata path, uint256 seed) public {
        bytes memory used = seed % 3 == 0 ? tree.leafOf(SEED + seed % 7) : leaf;
        bytes32[] memory way = seed % 5 == 0 ? tree.pathOf(SEED, LEAVES, DEPTH, seed % 7 % LEAVES) : path;
        _call(abi.encodeCall(market.answer, (_id(id), used, way)), seed);
    }

    function testFuzz_texts(uint256 id, string calldata text, uint256 seed) public {
        if (seed % 2 == 0) _call(abi.encodeCall(market.setEndpoint, (_id(id), text)), seed);
        else _call(abi.encodeCall(market.refuse, (_id(id), text)), seed);
    }

    function testFuzz_open(uint256 a, uint256 b, uint256 c, uint8 v, bytes32 r, uint256 seed) public {
        Permit memory permit = Permit(_any(a), _any(b), v, r, bytes32(c));
        Grant memory grant = Grant(address(uint160(_any(b))), _any(c), _any(a));
        if (seed % 2 == 0) {
            _call(abi.encodeCall(market.openAsUser, (permit, grant, _orderTerms(1 + a % 3))), seed);
        } else {
            _call(abi.encodeCall(market.openAsMiner, (permit, grant, _billTerms(), "https://x:1")), seed);
        }
    }

    function testFuzz_views(uint256 a) public view {
        (uint256 bills, uint256 orders) = market.counts();
        for (uint256 id = 1; id <= bills; ++id) {
            market.getBill(id);
            market.endpointOf(id);
        }
        for (uint256 id = 1; id <= orders; ++id) {
            market.getOrder(id);
        }
        (bool success, bytes memory reason) = address(market).staticcall(abi.encodeCall(market.getOrder, (_any(a))));
        if (!success) vm.assertEq(bytes32(bytes4(reason)), bytes32(IMarketErrors.UnknownOrder.selector));
        (success, reason) = address(market).staticcall(abi.encodeCall(market.getBill, (_any(a))));
        if (!success) vm.assertEq(bytes32(bytes4(reason)), bytes32(IMarketErrors.UnknownBill.selector));
    }
}
