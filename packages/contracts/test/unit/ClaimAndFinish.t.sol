// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {BillTerms, Ending, OrderState, OrderTerms, OrderView} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract ClaimAndFinishTest is MarketFixture {
    function _earned(uint256 seconds_) private pure returns (uint256) {
        return WEEK_PRICE * seconds_ / WEEK;
    }

    // ------------------------------------------------------------------ claim

    function test_claimsLagOneWeek() public {
        uint256 orderId = _active();
        uint256[3] memory early = [T0, T0 + WEEK - 1, T0 + WEEK];
        for (uint256 i = 0; i < early.length; ++i) {
            vm.warp(early[i]);
            vm.assertEq(market.getOrder(orderId).claimable, 0);
            _expect(abi.encodeWithSelector(IMarketErrors.NothingToClaim.selector, orderId));
            market.claim(orderId);
        }
        vm.warp(T0 + WEEK + 1);
        vm.assertEq(market.getOrder(orderId).claimable, _earned(1));
        vm.expectEmit(address(market));
        emit IMarketEvents.Claimed(orderId, _earned(1));
        vm.prank(stranger);
        market.claim(orderId);
        vm.assertEq(market.credit(miner), _earned(1));
        vm.assertEq(market.getOrder(orderId).claimed, _earned(1));
        vm.assertEq(market.getOrder(orderId).escrow, COST - _earned(1));
        _assertSolvent();
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToClaim.selector, orderId));
        market.claim(orderId);
    }

    function test_manyClaimsPayWhatOneWould() public {
        uint256 orderId = _active();
        uint256 t = T0 + WEEK;
        for (uint256 i = 0; i < 40; ++i) {
            t += 7_919 * (i + 1);
            vm.warp(t);
            if (market.getOrder(orderId).claimable == 0) continue;
            market.claim(orderId);
            vm.assertEq(market.credit(miner), _earned(t - WEEK - T0 > WEEKS * WEEK ? WEEKS * WEEK : t - WEEK - T0));
            _assertSolvent();
        }
    }

    function test_claimsAfterTheEndStopThere() public {
        uint256 orderId = _active();
        vm.warp(T0 + WEEKS * WEEK + WEEK / 2);
        market.claim(orderId);
        vm.assertEq(market.credit(miner), _earned(WEEKS * WEEK - WEEK / 2));
        vm.warp(T0 + 100 * WEEK);
        market.claim(orderId);
        vm.assertEq(market.credit(miner), COST);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToClaim.selector, orderId));
        market.claim(orderId);
        market.finish(orderId);
        vm.assertEq(market.credit(miner), COST + PLEDGE);
        _assertSolvent();
    }

    function test_claimsStopAtTheNoticesEnd() public {
        uint256 orderId = _active();
        vm.prank(miner);
        market.quit(orderId);
        vm.warp(T0 + 5 * WEEK);
        market.claim(orderId);
        vm.assertEq(market.credit(miner), WEEK_PRICE);
    }

    function test_oneWeiAWeekIsPaidInWeeks() public {
        BillTerms memory b = BillTerms(1, 1, 1_024, 1, 1, 10, 0, T0);
        vm.prank(miner);
        OrderTerms memory t = OrderTerms(market.createBill(b), miner, 1, 3, 1_024, 1, 0, 0);
        vm.prank(user);
        uint256 orderId = market.createOrder(t);
        _agree(orderId, root, 1024);
        vm.warp(T0 + 2 * WEEK - 1);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToClaim.selector, orderId));
        market.claim(orderId);
        vm.warp(T0 + 2 * WEEK);
        market.claim(orderId);
        vm.assertEq(market.credit(miner), 1);
        vm.warp(T0 + 3 * WEEK + 1);
        market.finish(orderId);
        vm.assertEq(market.credit(miner), 4);
        vm.assertEq(market.credit(user), 0);
        _assertSolvent();
    }

    function test_claimOnlyActiveOrders() public {
        uint256 orderId = _preparing();
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Preparing));
        market.claim(orderId);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownOrder.selector, 2));
        market.claim(2);
    }

    // ------------------------------------------------------------------ finish

    function test_finishPaysTheRestAndReturnsPledgeAndReserve() public {
        uint256 orderId = _active();
        vm.warp(T0 + 4 * WEEK + 12_345);
        market.claim(orderId);
        uint256 claimed = _earned(3 * WEEK + 12_345);
        uint256 endsAt = T0 + WEEKS * WEEK;
        vm.warp(endsAt + 1);
        vm.expectEmit(address(market));
        emit IMarketEvents.OrderEnded(orderId, Ending.Term, RESERVE, COST - claimed + PLEDGE);
        vm.prank(stranger);
        market.finish(orderId);
        vm.assertEq(market.credit(miner), COST + PLEDGE);
        vm.assertEq(market.credit(user), RESERVE);
        OrderView memory order = market.getOrder(orderId);
        vm.assertEq(uint256(order.state), uint256(OrderState.Ended));
        vm.assertEq(order.escrow + order.pledge + order.reserve + order.claimable, 0);
        vm.assertEq(order.endsAt, endsAt);
        vm.assertEq(order.commitment.root, root);
        // Ended capacity is never resold by itself.
        vm.assertEq(market.getBill(1).free, BILL_CAPACITY - CAPACITY);
        _assertSolvent();
    }

    function test_finishOnlyAfterTheEnd() public {
        uint256 orderId = _active();
        uint256 endsAt = T0 + WEEKS * WEEK;
        uint256[3] memory early = [T0, endsAt - 1, endsAt];
        for (uint256 i = 0; i < early.length; ++i) {
            vm.warp(early[i]);
            _expect(abi.encodeWithSelector(IMarketErrors.OrderNotOver.selector, endsAt, early[i]));
            market.finish(orderId);
        }
        vm.warp(endsAt + 1);
        market.finish(orderId);
    }

    function test_finishOnce() public {
        uint256 orderId = _active();
        vm.warp(T0 + WEEKS * WEEK + 1);
        market.finish(orderId);
        bytes memory wrong =
            abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Ended);
        _expect(wrong);
        market.finish(orderId);
        _expect(wrong);
        market.claim(orderId);
        _expect(wrong);
        market.slash(orderId, stranger);
        _assertSolvent();
    }

    function test_finishOnlyActiveOrders() public {
        uint256 orderId = _preparing();
        _skip(100 * WEEK);
        _expect(abi.encodeWithSelector(IMarketErrors.WrongState.selector, OrderState.Active, OrderState.Preparing));
        market.finish(orderId);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownOrder.selector, 2));
        market.finish(2);
    }

    function test_theEndWaitsForAChallenge() public {
        uint256 orderId = _active();
        uint256 endsAt = T0 + WEEKS * WEEK;
        vm.warp(endsAt);
        vm.prank(user);
        market.challenge(orderId, 1);
        vm.warp(endsAt + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.ChallengeOpen.selector, orderId, endsAt + DAY));
        market.finish(orderId);
        _answer(orderId, 1);
        market.finish(orderId);
        vm.assertEq(market.credit(miner), COST + PLEDGE + BOND);
        _assertSolvent();
    }

    function test_oneStepOrdersOfABillTakeTheirShareExactly() public {
        uint256 billId = _bill();
        uint256 all = market.getBill(billId).pledge;
        OrderTerms memory t = _orderTerms(billId);
        uint256 sum;
        for (uint256 k = 1; k <= 3; ++k) {
            t.capacity = STEP * k;
            vm.prank(user);
            sum += market.getOrder(market.createOrder(t)).pledge;
        }
        vm.assertEq(sum + market.getBill(billId).pledge, all);
        vm.assertEq(sum, PRICE * 6 * STEP / 1024 * PLEDGE_RATE);
        _assertSolvent();
    }

    /// @dev Any terms, any settling times: what goes in comes out, to the wei.
    function testFuzz_moneyInIsMoneyOut(
        uint256 price,
        uint256 steps,
        uint256 rate,
        uint256 weeks_,
        uint256[6] memory gaps,
        uint256 how
    ) public {
        BillTerms memory b = BillTerms({
            capacity: 0,
            step: 1 + gaps[0] % 5_000,
            price: 0,
            pledgeRate: _bound(rate, 1, type(uint16).max),
            minWeeks: 1,
            maxWeeks: type(uint16).max,
            bond: gaps[1] % 1e20,
            expiresAt: block.timestamp + 1
        });
        b.capacity = b.step * _bound(steps, 1, 50);
        b.price = _bound(price, 1, type(uint72).max / 1024) * 1024;
        weeks_ = _bound(weeks_, 1, 300);
        uint256 mine = token.balanceOf(miner);
        uint256 theirs = token.balanceOf(user);
        vm.prank(miner);
        OrderTerms memory t = OrderTerms(
            market.createBill(b),
            miner,
            b.step * _bound(steps / 50, 1, b.capacity / b.step),
            weeks_,
            b.price,
            1,
            b.bond,
            3
        );
        vm.prank(user);
        uint256 orderId = market.createOrder(t);
        _agree(orderId, root, SIZE);
        uint256 weekPrice = b.price * t.capacity / 1024;
        uint256 start = block.timestamp;
        for (uint256 i = 2; i < 6; ++i) {
            _skip(gaps[i] % (weeks_ * WEEK / 2 + 2));
            if (market.getOrder(orderId).claimable > 0) market.claim(orderId);
            _assertSolvent();
        }
        uint256 burned;
        if (how % 3 == 0 && block.timestamp <= start + weeks_ * WEEK) {
            vm.prank(user);
            market.challenge(orderId, 0);
            _skip(DAY + 1);
            uint256 supply = token.totalSupply();
            market.slash(orderId, user);
            burned = supply - token.totalSupply();
        } else if (how % 3 == 1 && block.timestamp + 7 * DAY < start + weeks_ * WEEK) {
            vm.prank(miner);
            market.quit(orderId);
            _skip(7 * DAY + 1);
            market.finish(orderId);
        } else {
            vm.warp(start + weeks_ * WEEK + 1);
            market.finish(orderId);
            vm.assertEq(market.getOrder(orderId).claimed + market.credit(miner) >= weekPrice * weeks_, true);
        }
        _assertSolvent();
        vm.prank(miner);
        market.cancelBill(1);
        if (market.credit(miner) > 0) market.withdraw(miner);
        if (market.credit(user) > 0) market.withdraw(user);
        vm.assertEq(token.balanceOf(address(market)), 0, "dust");
        vm.assertEq(token.balanceOf(miner) + token.balanceOf(user) + burned, mine + theirs, "sum");
    }
}
