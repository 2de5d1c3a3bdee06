// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DmcDevToken} from "../../src/DmcDevToken.sol";
import {IMarket} from "../../src/IMarket.sol";
import {BillTerms, OrderState, OrderTerms, OrderView, Parameters} from "../../src/MarketTypes.sol";
import {TestBase} from "./TestBase.sol";
import {TreeModel} from "./TreeModel.sol";

/// @notice A Market with a miner and a user who have tokens and allowances, and acts in short form.
/// Money is in token wei, capacities in MiB. The Market comes from its artifact: what is tested is what is deployed.
abstract contract MarketFixture is TestBase {
    uint256 internal constant WEEK = 604_800;
    uint256 internal constant DAY = 86_400;
    uint256 internal constant T0 = 1_800_000_000;
    uint256 internal constant FUNDS = 1e30;

    uint256 internal constant USER = 0;
    uint256 internal constant MINER = 1;
    uint8 internal constant PREPARE = 1;
    uint8 internal constant CHALLENGE = 2;
    uint8 internal constant REFUSE = 4;
    uint8 internal constant ENDPOINT = 8;

    /// @dev Per GiB-week; with a step of 512 MiB only an even price never rounds.
    uint256 internal constant PRICE = 1_000_000_000_000_002;
    uint256 internal constant PLEDGE_RATE = 10;
    uint256 internal constant BOND = 3e18;
    uint256 internal constant BILL_CAPACITY = 4_096;
    uint256 internal constant STEP = 512;
    uint256 internal constant MIN_WEEKS = 2;
    uint256 internal constant MAX_WEEKS = 52;
    /// @dev The order of most tests: 1.5 GiB for 8 weeks with 2 challenges.
    uint256 internal constant CAPACITY = 1_536;
    uint256 internal constant WEEKS = 8;
    uint256 internal constant CHALLENGES = 2;
    uint256 internal constant WEEK_PRICE = PRICE * CAPACITY / 1024;
    uint256 internal constant COST = WEEK_PRICE * WEEKS;
    uint256 internal constant PLEDGE = WEEK_PRICE * PLEDGE_RATE;
    uint256 internal constant RESERVE = BOND * CHALLENGES;
    uint256 internal constant DEPTH = 11 + 10;
    /// @dev The data of most orders: 5 leaves.
    uint256 internal constant LEAVES = 5;
    uint256 internal constant SIZE = LEAVES * 1024;
    uint256 internal constant SEED = 77;

    DmcDevToken internal token;
    IMarket internal market;
    TreeModel internal tree;
    bytes32 internal root;

    address internal miner;
    address internal user;
    address internal stranger;
    address internal other;
    address internal userAgent;
    address internal minerAgent;

    /// @dev All who may have a credit, for sums.
    address[] internal accounts;

    function setUp() public virtual {
        vm.warp(T0);
        miner = _actor("miner");
        user = _actor("user");
        stranger = _actor("stranger");
        other = _actor("other");
        userAgent = _actor("userAgent");
        minerAgent = _actor("minerAgent");
        token = new DmcDevToken(address(this), type(uint256).max);
        market = _deployMarket(address(token), _defaults());
        tree = new TreeModel();
        root = tree.rootOf(SEED, LEAVES, DEPTH);
        accounts.push(miner);
        accounts.push(user);
        accounts.push(stranger);
        accounts.push(other);
        accounts.push(userAgent);
        accounts.push(minerAgent);
        _fund(miner);
        _fund(user);
        _fund(stranger);
        _fund(other);
    }

    // ------------------------------------------------------------------ making things

    function _defaults() internal pure returns (Parameters memory) {
        return Parameters({
            week: WEEK,
            prepareWindow: 3 * DAY,
            answerWindow: DAY,
            cooldown: 3_600,
            notice: 7 * DAY,
            maxBillTerm: 104 * WEEK,
            userShare: 5_000,
            reporterShare: 500,
            quitShare: 2_000
        });
    }

    function _deployMarket(address token_, Parameters memory values) internal returns (IMarket) {
        return IMarket(vm.deployCode("Market.sol:Market", abi.encode(token_, values)));
    }

    function _fund(address account) internal {
        token.transfer(account, FUNDS);
        vm.prank(account);
        token.approve(address(market), type(uint256).max);
    }

    function _billTerms() internal view returns (BillTerms memory) {
        return BillTerms({
            capacity: BILL_CAPACITY,
            step: STEP,
            price: PRICE,
            pledgeRate: PLEDGE_RATE,
            minWeeks: MIN_WEEKS,
            maxWeeks: MAX_WEEKS,
            bond: BOND,
            expiresAt: block.timestamp + 30 * DAY
        });
    }

    function _orderTerms(uint256 billId) internal view returns (OrderTerms memory) {
        return OrderTerms({
            billId: billId,
            expectedMiner: miner,
            capacity: CAPACITY,
            weeks_: WEEKS,
            maxPrice: PRICE,
            minPledgeRate: PLEDGE_RATE,
            maxBond: BOND,
            challenges: CHALLENGES
        });
    }

    function _bill() internal returns (uint256) {
        vm.prank(miner);
        return market.createBill(_billTerms());
    }

    function _order(uint256 billId) internal returns (uint256) {
        vm.prank(user);
        return market.createOrder(_orderTerms(billId));
    }

    /// @dev A bill and a preparing order on it.
    function _preparing() internal returns (uint256 orderId) {
        return _order(_bill());
    }

    /// @dev A bill and an active order on it, with LEAVES leaves.
    function _active() internal returns (uint256 orderId) {
        orderId = _preparing();
        _agree(orderId, root, SIZE);
    }

    /// @dev An active order with an open challenge of leaf 3.
    function _challenged() internal returns (uint256 orderId) {
        orderId = _active();
        vm.prank(user);
        market.challenge(orderId, 3);
    }

    function _agree(uint256 orderId, bytes32 root_, uint256 size) internal {
        _prepare(user, orderId, USER, root_, size);
        _prepare(miner, orderId, MINER, root_, size);
    }

    function _prepare(address caller, uint256 orderId, uint256 side, bytes32 root_, uint256 size) internal {
        vm.prank(caller);
        market.prepare(orderId, side, root_, size);
    }

    function _authorise(address owner, address operator, uint8 scopes) internal {
        vm.prank(owner);
        market.setOperator(operator, scopes, block.timestamp + 1000 * WEEK);
    }

    function _answer(uint256 orderId, uint256 index) internal {
        market.answer(orderId, tree.leafOf(SEED + index), tree.pathOf(SEED, LEAVES, DEPTH, index));
    }

    function _skip(uint256 seconds_) internal {
        vm.warp(block.timestamp + seconds_);
    }

    // ------------------------------------------------------------------ looking at things

    function _state(uint256 orderId) internal view returns (OrderState) {
        return market.getOrder(orderId).state;
    }

    function _assertState(uint256 orderId, OrderState expected) internal view {
        vm.assertEq(uint256(_state(orderId)), uint256(expected), "state");
    }

    /// @dev Fails unless the Market holds exactly what its bills, orders and credits say, counted from the views.
    function _assertSolvent() internal view {
        (uint256 bills, uint256 orders) = market.counts();
        uint256 sum;
        for (uint256 id = 1; id <= bills; ++id) {
            sum += market.getBill(id).pledge;
        }
        for (uint256 id = 1; id <= orders; ++id) {
            OrderView memory order = market.getOrder(id);
            sum += order.escrow + order.pledge + order.reserve + order.challenge.bond;
        }
        for (uint256 i = 0; i < accounts.length; ++i) {
            sum += market.credit(accounts[i]);
        }
        vm.assertEq(market.trackedTotal(), sum, "tracked total");
        vm.assertEq(token.balanceOf(address(market)), sum, "token balance");
    }

    /// @dev Expects the next call to revert with exactly this error.
    function _expect(bytes memory error_) internal {
        vm.expectRevert(error_);
    }
}
