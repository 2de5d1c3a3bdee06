// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {BillTerms, Ending, OrderState, OrderView} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract EndAndQuitTest is MarketFixture {
    uint256 private constant FAR = T0 + 100 * WEEK;

    function _end(address caller, uint256 orderId, uint256 validUntil) private {
        vm.prank(caller);
        market.end(orderId, validUntil);
    }

    // ------------------------------------------------------------------ end

    function test_bothStatedEndsWithTheAccrualPaid() public {
        uint256 orderId = _active();
        vm.warp(T0 + 2 * WEEK + 999);
        vm.expectEmit(address(market));
        emit IMarketEvents.EndStated(orderId, USER, FAR);
        _end(user, orderId, FAR);
        vm.assertEq(market.getOrder(orderId).endStatedByUser, FAR);
        _assertState(orderId, OrderState.Active);
        uint256 earned = WEEK_PRICE * (2 * WEEK + 999) / WEEK;
        vm.expectEmit(address(market));
        emit IMarketEvents.EndStated(orderId, MINER, T0 + 3 * WEEK);
        vm.expectEmit(address(market));
        emit IMarketEvents.OrderEnded(orderId, Ending.Consent, COST - earned + RESERVE, earned + PLEDGE);
        _end(miner, orderId, T0 + 3 * WEEK);
        _assertState(orderId, OrderState.Ended);
        vm.assertEq(market.credit(user), COST - earned + RESERVE);
        vm.assertEq(market.credit(miner), earned + PLEDGE);
        _assertSolvent();
    }

    function test_theMinerMayStateFirst() public {
        uint256 orderId = _active();
        market.getOrder(orderId);
        _end(miner, orderId, FAR);
        vm.assertEq(market.getOrder(orderId).endStatedByMiner, FAR);
        vm.assertEq(market.getOrder(orderId).endStatedByUser, 0);
        _end(user, orderId, FAR);
        _assertState(orderId, OrderState.Ended);
    }

    function test_claimedAccrualIsNotPaidTwice() public {
        uint256 orderId = _active();
        vm.warp(T0 + 3 * WEEK);
        market.claim(orderId);
        _end(user, orderId, FAR);
        _end(miner, orderId, FAR);
        vm.assertEq(market.credit(miner), 3 * WEEK_PRICE + PLEDGE);
        vm.assertEq(market.credit(user), 5 * WEEK_PRICE + RESERVE);
        _assertSolvent();
    }

    function test_statingAgainReplacesZeroWithdraws() public {
        uint256 orderId = _active();
        _end(user, orderId, FAR);
        _end(user, orderId, T0 + 5);
        vm.assertEq(market.getOrder(orderId).endStatedByUser, T0 + 5);
        vm.expectEmit(address(market));
        emit IMarketEvents.EndStated(orderId, USER, 0);
        _end(user, orderId, 0);
        _end(miner, orderId, FAR);
        _assertState(orderId, OrderState.Active);
        _end(miner, orderId, 0);
        _end(user, orderId, FAR);
        _assertState(orderId, OrderState.Active);
    }

    function test_aWishStandsUntilItsTimeNotLater() public {
        uint256 orderId = _active();
        uint256 until = T0 + 1000;
        _end(user, orderId, until);
        uint256 snapshot = vm.snapshotState();
        vm.warp(until + 1);
        _end(miner, orderId, FAR);
        _assertState(orderId, OrderState.Active);
        vm.revertToState(snapshot);
        vm.warp(until);
        _end(miner, orderId, until);
        _assertState(orderId, OrderState.Ended);
    }

    function test_aMinersWishStandsUntilItsTime() public {
        uint256 orderId = _active();
        _end(miner, orderId, T0 + 1000);
        vm.warp(T0 + 1001);
        _end(user, orderId, FAR);
        _assertState(orderId, OrderState.Active);
    }

    function test_wishesAreNotInThePastAndFit() public {
        uint256 orderId = _active();
        uint256 max = type(uint40).max;
        _expect(abi.encodeWithSelector(IMarketErrors.ExpiryOutOfRange.selector, T0, max, T0 - 1));
        _end(user, orderId, T0 - 1);
        _expect(abi.encodeWithSelector(IMarketErrors.ExpiryOutOfRange.selector, T0, max, max + 1));
        _end(user, orderId, max + 1);
        _end(user, orderId, T0);
        _end(miner, orderId, max);
        _assertState(orderId, OrderState.Ended);
    }

    function test_whatChangesTheOrderClearsBothWishes() public {
        for (uint256 act = 0; act < 5; ++act) {
            BillTerms memory terms = _billTerms();
            terms.expiresAt = block.timestamp + 50 * WEEK;
            vm.prank(miner);
            uint256 orderId = _order(market.createBill(terms));
            _agree(orderId, root, SIZE);
            bool byUser = act % 2 == 0;
            _end(byUser ? user : miner, orderId, FAR);
            if (act == 0) {
                vm.expectEmit(address(market));
                emit IMarketEvents.EndCleared(orderId);
                vm.prank(user);
                market.challenge(orderId, 0);
                _answer(orderId, 0);
            } else if (act == 1) {
                vm.prank(user);
                market.extendOrder(orderId, 1, PRICE);
            } else if (act == 2) {
                vm.prank(user);
                market.shorten(orderId, WEEKS - 1);
            } else if (act == 3) {
                vm.prank(miner);
                market.quit(orderId);
            } else {
                _agree(orderId, bytes32(uint256(1)), SIZE);
            }
            OrderView memory order = market.getOrder(orderId);
            vm.assertEq(order.endStatedByUser + order.endStatedByMiner, 0, vm.toString(act));
            _end(byUser ? miner : user, orderId, FAR);
            _assertState(orderId, OrderState.Active);
            _assertSolvent();
        }
    }

    function test_aStatementAloneClearsNoWish() public {
        uint256 orderId = _active();
        _end(user, orderId, FAR);
        _prepare(user, orderId, USER, bytes32(uint256(1)), SIZE);
        vm.assertEq(market.getOrder(orderId).endStatedByUser, FAR);
        _prepare(miner, orderId, MINER, 0, 0);
        vm.assertEq(market.getOrder(orderId).endStatedByUser, FAR);
    }

    function test_walletsOnly() public {
        uint256 orderId = _active();
        _authorise(user, userAgent, 15);
        _authorise(miner, minerAgent, 15);
        address[3] memory callers = [userAgent, minerAgent, stranger];
        for (uint256 i = 0; i < 3; ++i) {
            _expect(abi.encodeWithSelector(IMarketErrors.NotParty.selector, user, miner, callers[i]));
            _end(callers[i], orderId, FAR);
        }
    }

    function test_notAfterTheEndNorBeforeTheStart() public {
        uint256 orderId = _active();
        uint256 endsAt = T0 + WEEKS * WEEK;
        vm.warp(endsAt);
        _end(user, orderId, FAR);
        vm.warp(endsAt + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.OrderOver.selector, endsAt, endsAt + 1));
        _end(miner, orderId, FAR);
        uint256 second = _preparing();
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Preparing));
        _end(user, second, FAR);
    }

    function test_consentDuringTheNoticeCostsNoShare() public {
        uint256 orderId = _active();
        vm.prank(miner);
        market.quit(orderId);
        vm.warp(T0 + DAY);
        _end(miner, orderId, FAR);
        _end(user, orderId, FAR);
        vm.assertEq(market.credit(miner), WEEK_PRICE * DAY / WEEK + PLEDGE);
        _assertSolvent();
    }

    // ------------------------------------------------------------------ quit

    function test_quitEndsAfterTheNoticeForAShareOfThePledge() public {
        uint256 orderId = _active();
        vm.warp(T0 + 3 * WEEK + 77);
        vm.expectEmit(address(market));
        emit IMarketEvents.NoticeStarted(orderId, T0 + 4 * WEEK + 77);
        vm.prank(miner);
        market.quit(orderId);
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(order.noticeEndsAt, T0 + 4 * WEEK + 77);
        vm.assertEq(order.endsAt, T0 + 4 * WEEK + 77);
        vm.assertEq(order.weeks_, WEEKS);
        vm.warp(order.endsAt);
        _expect(abi.encodeWithSelector(IMarketErrors.OrderNotOver.selector, order.endsAt, order.endsAt));
        market.finish(orderId);
        vm.warp(order.endsAt + 1);
        uint256 earned = WEEK_PRICE * (4 * WEEK + 77) / WEEK;
        uint256 share = PLEDGE * 2_000 / 10_000;
        vm.expectEmit(address(market));
        emit IMarketEvents.OrderEnded(orderId, Ending.Notice, COST - earned + RESERVE + share, earned + PLEDGE - share);
        market.finish(orderId);
        vm.assertEq(market.credit(user), COST - earned + RESERVE + share);
        vm.assertEq(market.credit(miner), earned + PLEDGE - share);
        _assertSolvent();
    }

    function test_quitOnce() public {
        uint256 orderId = _active();
        vm.startPrank(miner);
        market.quit(orderId);
        _expect(abi.encodeWithSelector(IMarketErrors.NoticeGiven.selector, T0 + 7 * DAY));
        market.quit(orderId);
        vm.stopPrank();
    }

    function test_quitOnlyWhenTheNoticeEndsFirst() public {
        uint256 orderId = _active();
        uint256 endsAt = T0 + WEEKS * WEEK;
        uint256[2] memory late = [endsAt - 7 * DAY, endsAt - 7 * DAY + 1];
        for (uint256 i = 0; i < 2; ++i) {
            vm.warp(late[i]);
            _expect(abi.encodeWithSelector(IMarketErrors.NoticeTooLate.selector, endsAt, late[i] + 7 * DAY));
            vm.prank(miner);
            market.quit(orderId);
        }
        vm.warp(endsAt - 7 * DAY - 1);
        vm.prank(miner);
        market.quit(orderId);
    }

    function test_aQuittingMinerStillAnswers() public {
        uint256 orderId = _active();
        vm.prank(miner);
        market.quit(orderId);
        vm.warp(T0 + 7 * DAY);
        vm.prank(user);
        market.challenge(orderId, 2);
        vm.warp(T0 + 8 * DAY + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.ChallengeOpen.selector, orderId, T0 + 8 * DAY));
        market.finish(orderId);
        market.slash(orderId, stranger);
        vm.assertEq(market.credit(user), COST + RESERVE + PLEDGE / 2);
        _assertSolvent();
    }

    function test_quitIsTheMinersWallets() public {
        uint256 orderId = _active();
        _authorise(miner, minerAgent, 15);
        address[3] memory callers = [user, minerAgent, stranger];
        for (uint256 i = 0; i < 3; ++i) {
            _expect(abi.encodeWithSelector(IMarketErrors.NotOwner.selector, miner, callers[i]));
            vm.prank(callers[i]);
            market.quit(orderId);
        }
    }

    function test_commitmentsMayStillGrowDuringTheNotice() public {
        uint256 orderId = _active();
        vm.prank(miner);
        market.quit(orderId);
        _agree(orderId, bytes32(uint256(9)), SIZE + 1024);
        vm.assertEq(market.getOrder(orderId).endsAt, T0 + 7 * DAY);
    }
}
