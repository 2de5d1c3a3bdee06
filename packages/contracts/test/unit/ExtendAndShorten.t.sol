// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {BillTerms, OrderState, OrderView} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract ExtendAndShortenTest is MarketFixture {
    uint256 private endsAt;

    function setUp() public override {
        super.setUp();
        endsAt = T0 + WEEKS * WEEK;
    }

    /// @dev A bill that lives longer than the order, so that only what is tested stands in the way.
    function _longActive() private returns (uint256 orderId) {
        BillTerms memory terms = _billTerms();
        terms.expiresAt = T0 + 104 * WEEK;
        vm.prank(miner);
        orderId = _order(market.createBill(terms));
        _agree(orderId, root, SIZE);
    }

    function _extend(uint256 orderId, uint256 weeks_) private {
        vm.prank(user);
        market.extendOrder(orderId, weeks_, PRICE);
    }

    function _shorten(uint256 orderId, uint256 weeks_) private {
        vm.prank(user);
        market.shorten(orderId, weeks_);
    }

    // ------------------------------------------------------------------ extend

    function test_extendLocksTheCostAndMovesTheEnd() public {
        uint256 orderId = _longActive();
        uint256 before = token.balanceOf(user);
        vm.expectEmit(address(market));
        emit IMarketEvents.OrderExtended(orderId, WEEKS + 3, endsAt + 3 * WEEK, 3 * WEEK_PRICE);
        _extend(orderId, 3);
        vm.assertEq(before - token.balanceOf(user), 3 * WEEK_PRICE);
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(order.weeks_, WEEKS + 3);
        vm.assertEq(order.endsAt, endsAt + 3 * WEEK);
        vm.assertEq(order.escrow, COST + 3 * WEEK_PRICE);
        vm.assertEq(order.pledge, PLEDGE);
        _assertSolvent();
        vm.warp(order.endsAt + 1);
        market.finish(orderId);
        vm.assertEq(market.credit(miner), (WEEKS + 3) * WEEK_PRICE + PLEDGE);
        _assertSolvent();
    }

    function test_extendUpToTheEndNotLater() public {
        uint256 orderId = _longActive();
        vm.warp(endsAt - 1);
        _extend(orderId, 1);
        vm.warp(endsAt + WEEK);
        _extend(orderId, 1);
        vm.warp(endsAt + 2 * WEEK + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.OrderOver.selector, endsAt + 2 * WEEK, endsAt + 2 * WEEK + 1));
        _extend(orderId, 1);
    }

    function test_extendAtMostMaxWeeksFromNow() public {
        uint256 orderId = _longActive();
        uint256 most = MAX_WEEKS - WEEKS;
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.EndTooLate.selector, T0 + MAX_WEEKS * WEEK, T0 + (MAX_WEEKS + 1) * WEEK
            )
        );
        _extend(orderId, most + 1);
        _extend(orderId, most);
        vm.warp(T0 + WEEK - 1);
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.EndTooLate.selector, T0 + WEEK - 1 + MAX_WEEKS * WEEK, T0 + (MAX_WEEKS + 1) * WEEK
            )
        );
        _extend(orderId, 1);
        vm.warp(T0 + WEEK);
        _extend(orderId, 1);
        vm.assertEq(market.getOrder(orderId).weeks_, MAX_WEEKS + 1);
    }

    function test_extendByWeeksThatFit() public {
        uint256 orderId = _longActive();
        uint256 most = type(uint16).max - WEEKS;
        _expect(abi.encodeWithSelector(IMarketErrors.WeeksOutOfRange.selector, 1, most, 0));
        _extend(orderId, 0);
        _expect(abi.encodeWithSelector(IMarketErrors.WeeksOutOfRange.selector, 1, most, most + 1));
        _extend(orderId, most + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.WeeksOutOfRange.selector, 1, most, type(uint256).max));
        _extend(orderId, type(uint256).max);
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.EndTooLate.selector, T0 + MAX_WEEKS * WEEK, T0 + type(uint16).max * WEEK
            )
        );
        _extend(orderId, most);
    }

    function test_extendToTheLongestTerm() public {
        BillTerms memory terms = _billTerms();
        terms.maxWeeks = type(uint16).max;
        vm.prank(miner);
        uint256 orderId = _order(market.createBill(terms));
        _agree(orderId, root, SIZE);
        _extend(orderId, type(uint16).max - WEEKS);
        vm.assertEq(market.getOrder(orderId).weeks_, type(uint16).max);
        _expect(abi.encodeWithSelector(IMarketErrors.WeeksOutOfRange.selector, 1, 0, 1));
        _extend(orderId, 1);
        _assertSolvent();
    }

    function test_extendNotAboveTheUsersPrice() public {
        uint256 orderId = _longActive();
        _expect(abi.encodeWithSelector(IMarketErrors.PriceTooHigh.selector, PRICE - 1, PRICE));
        vm.prank(user);
        market.extendOrder(orderId, 1, PRICE - 1);
    }

    function test_extendNotOnADeadBill() public {
        uint256 orderId = _longActive();
        vm.prank(miner);
        market.cancelBill(1);
        _expect(abi.encodeWithSelector(IMarketErrors.BillIsCancelled.selector, 1));
        _extend(orderId, 1);
        uint256 second = _active();
        uint256 expiry = T0 + 30 * DAY;
        vm.warp(expiry);
        _extend(second, 1);
        vm.warp(expiry + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.BillExpired.selector, expiry, expiry + 1));
        _extend(second, 1);
    }

    function test_extendNotAfterNotice() public {
        uint256 orderId = _longActive();
        vm.prank(miner);
        market.quit(orderId);
        _expect(abi.encodeWithSelector(IMarketErrors.NoticeGiven.selector, T0 + 7 * DAY));
        _extend(orderId, 1);
    }

    function test_extendOnlyActiveOrders() public {
        uint256 orderId = _preparing();
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Preparing));
        _extend(orderId, 1);
    }

    // ------------------------------------------------------------------ shorten

    function test_shortenCreditsTheExcessAtOnce() public {
        uint256 orderId = _active();
        _skip(WEEK / 2);
        vm.expectEmit(address(market));
        emit IMarketEvents.OrderShortened(orderId, 3, T0 + 3 * WEEK, 5 * WEEK_PRICE);
        _shorten(orderId, 3);
        vm.assertEq(market.credit(user), 5 * WEEK_PRICE);
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(order.weeks_, 3);
        vm.assertEq(order.endsAt, T0 + 3 * WEEK);
        vm.assertEq(order.escrow, 3 * WEEK_PRICE);
        _assertSolvent();
        vm.warp(T0 + 3 * WEEK + 1);
        market.finish(orderId);
        vm.assertEq(market.credit(miner), 3 * WEEK_PRICE + PLEDGE);
        vm.assertEq(market.credit(user), 5 * WEEK_PRICE + RESERVE);
        _assertSolvent();
    }

    function test_shortenBetweenMinWeeksAndOneLess() public {
        uint256 orderId = _active();
        uint256[3] memory bad = [MIN_WEEKS - 1, WEEKS, WEEKS + 1];
        for (uint256 i = 0; i < bad.length; ++i) {
            _expect(abi.encodeWithSelector(IMarketErrors.WeeksOutOfRange.selector, MIN_WEEKS, WEEKS - 1, bad[i]));
            _shorten(orderId, bad[i]);
        }
        _expect(abi.encodeWithSelector(IMarketErrors.WeeksOutOfRange.selector, MIN_WEEKS, WEEKS - 1, 65_536 + 3));
        _shorten(orderId, 65_536 + 3);
        _shorten(orderId, WEEKS - 1);
        _shorten(orderId, MIN_WEEKS);
        vm.assertEq(market.credit(user), (WEEKS - MIN_WEEKS) * WEEK_PRICE);
        _expect(abi.encodeWithSelector(IMarketErrors.WeeksOutOfRange.selector, MIN_WEEKS, MIN_WEEKS - 1, 1));
        _shorten(orderId, 1);
    }

    function test_shortenNotIntoThePast() public {
        uint256 orderId = _active();
        uint256 newEnd = T0 + 3 * WEEK;
        vm.warp(newEnd + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.EndInPast.selector, newEnd + 1, newEnd));
        _shorten(orderId, 3);
        vm.assertEq(market.getOrder(orderId).weeks_, WEEKS);
        vm.warp(newEnd);
        market.claim(orderId);
        _shorten(orderId, 3);
        vm.assertEq(market.getOrder(orderId).escrow, WEEK_PRICE);
        _assertSolvent();
        vm.warp(newEnd + 1);
        market.finish(orderId);
        vm.assertEq(market.credit(miner), 3 * WEEK_PRICE + PLEDGE);
        _assertSolvent();
    }

    function test_shortenNotAfterTheEnd() public {
        uint256 orderId = _active();
        vm.warp(endsAt + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.OrderOver.selector, endsAt, endsAt + 1));
        _shorten(orderId, WEEKS - 1);
    }

    function test_shortenAfterNoticeKeepsTheQuitShareWhileTheNoticeEndsFirst() public {
        uint256 orderId = _active();
        vm.prank(miner);
        market.quit(orderId);
        _shorten(orderId, 2);
        vm.warp(T0 + WEEK + 1);
        market.finish(orderId);
        uint256 share = PLEDGE * 2_000 / 10_000;
        vm.assertEq(market.credit(miner), WEEK_PRICE + PLEDGE - share);
        vm.assertEq(market.credit(user), 7 * WEEK_PRICE + RESERVE + share);
        _assertSolvent();
    }

    function test_aUserWhoShortensToBeforeTheNoticesEndLetsTheMinerGo() public {
        uint256 orderId = _active();
        vm.warp(T0 + WEEK + 5);
        vm.prank(miner);
        market.quit(orderId);
        _shorten(orderId, 2);
        vm.assertEq(market.getOrder(orderId).endsAt, T0 + 2 * WEEK);
        vm.warp(T0 + 2 * WEEK + 1);
        market.finish(orderId);
        vm.assertEq(market.credit(miner), 2 * WEEK_PRICE + PLEDGE);
        vm.assertEq(market.credit(user), 6 * WEEK_PRICE + RESERVE);
        _assertSolvent();
    }

    function test_theNoticeEndingWithTheTermIsATermsEnd() public {
        uint256 orderId = _active();
        vm.warp(T0 + WEEK);
        vm.prank(miner);
        market.quit(orderId);
        _shorten(orderId, 2);
        vm.warp(T0 + 2 * WEEK + 1);
        market.finish(orderId);
        vm.assertEq(market.credit(miner), 2 * WEEK_PRICE + PLEDGE);
        _assertSolvent();
    }

    function test_shortenThenExtend() public {
        uint256 orderId = _longActive();
        _shorten(orderId, 2);
        _extend(orderId, 6);
        vm.assertEq(market.getOrder(orderId).endsAt, endsAt);
        vm.assertEq(market.getOrder(orderId).escrow, COST);
        _assertSolvent();
    }

    function test_shortenOnlyActiveOrders() public {
        uint256 orderId = _preparing();
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Preparing));
        _shorten(orderId, 3);
    }
}
