// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {BillTerms, BillView} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract CreateBillTest is MarketFixture {
    uint256 private constant BILL_PLEDGE = PRICE * BILL_CAPACITY / 1024 * PLEDGE_RATE;

    function _refused(BillTerms memory terms, bytes memory error_) private {
        vm.expectRevert(error_);
        vm.prank(miner);
        market.createBill(terms);
    }

    function _taken(BillTerms memory terms) private returns (BillView memory) {
        vm.prank(miner);
        return market.getBill(market.createBill(terms));
    }

    function test_locksThePledgeKeepsTheTermsAndTells() public {
        uint256 before = token.balanceOf(miner);
        vm.expectEmit(address(market));
        emit IMarketEvents.BillCreated(
            1, miner, BILL_CAPACITY, STEP, PRICE, PLEDGE_RATE, MIN_WEEKS, MAX_WEEKS, BOND, T0 + 30 * DAY, BILL_PLEDGE
        );
        vm.assertEq(_bill(), 1);
        vm.assertEq(before - token.balanceOf(miner), BILL_PLEDGE);
        BillView memory expected = BillView({
            miner: miner,
            capacity: BILL_CAPACITY,
            free: BILL_CAPACITY,
            step: STEP,
            price: PRICE,
            pledgeRate: uint16(PLEDGE_RATE),
            minWeeks: uint16(MIN_WEEKS),
            maxWeeks: uint16(MAX_WEEKS),
            bond: BOND,
            createdAt: T0,
            expiresAt: T0 + 30 * DAY,
            cancelled: false,
            pledge: BILL_PLEDGE,
            previous: 0
        });
        vm.assertEq(abi.encode(market.getBill(1)), abi.encode(expected));
        _assertSolvent();
    }

    function test_billsOfAMinerAreLinked() public {
        vm.assertEq(market.newestBillOf(miner), 0);
        _bill();
        vm.prank(other);
        market.createBill(_billTerms());
        vm.assertEq(_bill(), 3);
        vm.assertEq(market.newestBillOf(miner), 3);
        vm.assertEq(market.getBill(3).previous, 1);
        vm.assertEq(market.getBill(1).previous, 0);
        vm.assertEq(market.newestBillOf(other), 2);
        vm.assertEq(market.getBill(2).previous, 0);
        (uint256 bills,) = market.counts();
        vm.assertEq(bills, 3);
        _assertSolvent();
    }

    function test_zeros() public {
        BillTerms memory t = _billTerms();
        t.capacity = 0;
        _refused(t, abi.encodeWithSelector(IMarketErrors.ZeroCapacity.selector));
        t = _billTerms();
        t.step = 0;
        _refused(t, abi.encodeWithSelector(IMarketErrors.ZeroStep.selector));
        t = _billTerms();
        t.price = 0;
        _refused(t, abi.encodeWithSelector(IMarketErrors.ZeroPrice.selector));
        t = _billTerms();
        t.pledgeRate = 0;
        _refused(t, abi.encodeWithSelector(IMarketErrors.ZeroPledgeRate.selector));
        t = _billTerms();
        t.minWeeks = 0;
        _refused(t, abi.encodeWithSelector(IMarketErrors.WeeksOutOfRange.selector, 1, MAX_WEEKS, 0));
        t = _billTerms();
        t.bond = 0;
        vm.assertEq(_taken(t).bond, 0);
    }

    function test_ones() public {
        BillTerms memory t = BillTerms(1, 1, 1_024, 1, 1, 1, 1, T0);
        BillView memory bill = _taken(t);
        vm.assertEq(bill.pledge, 1);
        vm.assertEq(token.balanceOf(address(market)), 1);
        _assertSolvent();
    }

    function test_maxima() public {
        BillTerms memory t = BillTerms({
            capacity: type(uint32).max,
            step: type(uint32).max,
            price: type(uint72).max - 1023,
            pledgeRate: type(uint16).max,
            minWeeks: type(uint16).max,
            maxWeeks: type(uint16).max,
            bond: type(uint128).max,
            expiresAt: T0 + 104 * WEEK
        });
        token.transfer(miner, 1e36);
        BillView memory bill = _taken(t);
        vm.assertEq(bill.capacity, type(uint32).max);
        vm.assertEq(bill.free, type(uint32).max);
        vm.assertEq(bill.step, type(uint32).max);
        vm.assertEq(bill.price, type(uint72).max - 1023);
        vm.assertEq(bill.pledgeRate, type(uint16).max);
        vm.assertEq(bill.minWeeks, type(uint16).max);
        vm.assertEq(bill.maxWeeks, type(uint16).max);
        vm.assertEq(bill.bond, type(uint128).max);
        uint256 pledge = uint256(type(uint72).max - 1023) / 1024 * type(uint32).max * type(uint16).max;
        vm.assertEq(bill.pledge, pledge);
        _assertSolvent();
    }

    function test_oneAboveEachMaximum() public {
        BillTerms memory t = _billTerms();
        t.capacity = uint256(type(uint32).max) + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, type(uint32).max, t.capacity));
        t = _billTerms();
        t.step = uint256(type(uint32).max) + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, type(uint32).max, t.step));
        t = _billTerms();
        t.price = uint256(type(uint72).max) + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, type(uint72).max, t.price));
        t = _billTerms();
        t.pledgeRate = uint256(type(uint16).max) + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, type(uint16).max, t.pledgeRate));
        t = _billTerms();
        t.maxWeeks = uint256(type(uint16).max) + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, type(uint16).max, t.maxWeeks));
        t = _billTerms();
        t.bond = uint256(type(uint128).max) + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, type(uint128).max, t.bond));
        t = _billTerms();
        t.minWeeks = type(uint256).max;
        _refused(t, abi.encodeWithSelector(IMarketErrors.WeeksOutOfRange.selector, 1, MAX_WEEKS, t.minWeeks));
    }

    function test_capacityIsWholeSteps() public {
        BillTerms memory t = _billTerms();
        t.capacity = BILL_CAPACITY + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.NotMultiple.selector, STEP, t.capacity));
        t.capacity = BILL_CAPACITY - 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.NotMultiple.selector, STEP, t.capacity));
        t.capacity = STEP;
        vm.assertEq(_taken(t).free, STEP);
        t.step = BILL_CAPACITY * 2;
        t.capacity = BILL_CAPACITY;
        _refused(t, abi.encodeWithSelector(IMarketErrors.NotMultiple.selector, t.step, BILL_CAPACITY));
    }

    function test_thePriceOfAStepIsWhole() public {
        BillTerms memory t = _billTerms();
        t.price = PRICE + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.PriceNotDivisible.selector, 1024, (PRICE + 1) * STEP));
        t.price = PRICE + 2;
        _taken(t);
        t.step = 1024;
        t.price = PRICE + 1;
        _taken(t);
        _assertSolvent();
    }

    function test_minWeeksUpToMaxWeeks() public {
        BillTerms memory t = _billTerms();
        (t.minWeeks, t.maxWeeks) = (8, 8);
        _taken(t);
        t.maxWeeks = 7;
        _refused(t, abi.encodeWithSelector(IMarketErrors.WeeksOutOfRange.selector, 1, 7, 8));
    }

    function test_expiresBetweenNowAndTheLongestTerm() public {
        uint256 max = T0 + 104 * WEEK;
        BillTerms memory t = _billTerms();
        t.expiresAt = T0 - 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.ExpiryOutOfRange.selector, T0, max, T0 - 1));
        t.expiresAt = T0;
        _taken(t);
        t.expiresAt = max;
        _taken(t);
        t.expiresAt = max + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.ExpiryOutOfRange.selector, T0, max, max + 1));
        t.expiresAt = type(uint256).max;
        _refused(t, abi.encodeWithSelector(IMarketErrors.ExpiryOutOfRange.selector, T0, max, t.expiresAt));
    }

    function test_needsTokensAndAllowance() public {
        vm.prank(miner);
        token.approve(address(market), BILL_PLEDGE - 1);
        _refused(
            _billTerms(),
            abi.encodeWithSignature(
                "ERC20InsufficientAllowance(address,uint256,uint256)", address(market), BILL_PLEDGE - 1, BILL_PLEDGE
            )
        );
        vm.startPrank(miner);
        token.approve(address(market), BILL_PLEDGE);
        token.transfer(user, FUNDS - BILL_PLEDGE + 1);
        vm.stopPrank();
        _refused(
            _billTerms(),
            abi.encodeWithSignature(
                "ERC20InsufficientBalance(address,uint256,uint256)", miner, BILL_PLEDGE - 1, BILL_PLEDGE
            )
        );
        vm.prank(user);
        token.transfer(miner, 1);
        vm.assertEq(_bill(), 1);
        vm.assertEq(token.balanceOf(miner), 0);
    }
}
