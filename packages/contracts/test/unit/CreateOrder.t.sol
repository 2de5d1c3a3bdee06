// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {BillTerms, OrderTerms, OrderView} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";
import {Vm} from "../helpers/Vm.sol";

contract CreateOrderTest is MarketFixture {
    function _refused(OrderTerms memory terms, bytes memory error_) private {
        vm.expectRevert(error_);
        vm.prank(user);
        market.createOrder(terms);
    }

    function _taken(OrderTerms memory terms) private returns (OrderView memory) {
        vm.prank(user);
        return market.getOrder(market.createOrder(terms));
    }

    function test_locksEscrowAndReserveMovesThePledge() public {
        uint256 billId = _bill();
        uint256 before = token.balanceOf(user);
        uint256 total = market.getBill(billId).pledge;
        uint256 orderId = _order(billId);
        vm.assertEq(orderId, 1);
        vm.assertEq(before - token.balanceOf(user), COST + RESERVE);
        vm.assertEq(market.getBill(billId).pledge, total - PLEDGE);
        vm.assertEq(market.getBill(billId).free, BILL_CAPACITY - CAPACITY);
        vm.assertEq(market.getBill(billId).capacity, BILL_CAPACITY);
        OrderView memory expected;
        expected.billId = billId;
        expected.user = user;
        expected.miner = miner;
        expected.capacity = CAPACITY;
        expected.weeks_ = uint16(WEEKS);
        expected.price = PRICE;
        expected.pledgeRate = uint16(PLEDGE_RATE);
        expected.bond = BOND;
        expected.createdAt = T0;
        expected.escrow = COST;
        expected.pledge = PLEDGE;
        expected.reserve = RESERVE;
        vm.assertEq(abi.encode(market.getOrder(orderId)), abi.encode(expected));
        _assertSolvent();
    }

    function test_tellsAllTerms() public {
        uint256 billId = _bill();
        vm.recordLogs();
        _order(billId);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 2);
        vm.assertEq(logs[0].emitter, address(market));
        vm.assertEq(logs[0].topics[0], IMarketEvents.OrderCreated.selector);
        vm.assertEq(uint256(logs[0].topics[1]), 1);
        vm.assertEq(uint256(logs[0].topics[2]), billId);
        vm.assertEq(logs[0].topics[3], bytes32(uint256(uint160(user))));
        vm.assertEq(
            logs[0].data,
            bytes.concat(
                abi.encode(miner, CAPACITY, WEEKS, PRICE, PLEDGE_RATE), abi.encode(BOND, COST, PLEDGE, RESERVE)
            )
        );
        // The transfer comes last.
        vm.assertEq(logs[1].emitter, address(token));
    }

    function test_ordersOfAUserAreLinked() public {
        uint256 billId = _bill();
        OrderTerms memory terms = _orderTerms(billId);
        terms.capacity = STEP;
        _taken(terms);
        vm.prank(other);
        market.createOrder(terms);
        vm.assertEq(_taken(terms).previous, 1);
        vm.assertEq(market.newestOrderOf(user), 3);
        vm.assertEq(market.newestOrderOf(other), 2);
        vm.assertEq(market.newestOrderOf(stranger), 0);
        vm.assertEq(market.getOrder(1).previous, 0);
        vm.assertEq(market.getOrder(2).previous, 0);
        (, uint256 orders) = market.counts();
        vm.assertEq(orders, 3);
        _assertSolvent();
    }

    function test_theBillMustBeWhatTheUserSaw() public {
        uint256 billId = _bill();
        OrderTerms memory t = _orderTerms(billId);
        t.expectedMiner = other;
        _refused(t, abi.encodeWithSelector(IMarketErrors.MinerChanged.selector, other, miner));
        t = _orderTerms(billId);
        t.maxPrice = PRICE - 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.PriceTooHigh.selector, PRICE - 1, PRICE));
        t = _orderTerms(billId);
        t.minPledgeRate = PLEDGE_RATE + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.PledgeRateTooLow.selector, PLEDGE_RATE + 1, PLEDGE_RATE));
        t = _orderTerms(billId);
        t.maxBond = BOND - 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.BondTooHigh.selector, BOND - 1, BOND));
        t = _orderTerms(billId);
        (t.maxPrice, t.minPledgeRate, t.maxBond) = (type(uint256).max, 0, type(uint256).max);
        _taken(t);
    }

    function test_unknownBills() public {
        OrderTerms memory t = _orderTerms(1);
        _refused(t, abi.encodeWithSelector(IMarketErrors.UnknownBill.selector, 1));
        t.billId = 0;
        _refused(t, abi.encodeWithSelector(IMarketErrors.UnknownBill.selector, 0));
        t.billId = (1 << 40) + 1;
        _bill();
        _refused(t, abi.encodeWithSelector(IMarketErrors.UnknownBill.selector, t.billId));
    }

    function test_aMinerDoesNotOrderFromItself() public {
        uint256 billId = _bill();
        _expect(abi.encodeWithSelector(IMarketErrors.SelfOrder.selector, miner));
        vm.prank(miner);
        market.createOrder(_orderTerms(billId));
    }

    function test_cancelledAndExpiredBillsTakeNoOrders() public {
        uint256 billId = _bill();
        OrderTerms memory t = _orderTerms(billId);
        t.capacity = STEP;
        uint256 expiry = T0 + 30 * DAY;
        vm.warp(expiry);
        _taken(t);
        vm.warp(expiry + 1);
        _refused(t, abi.encodeWithSelector(IMarketErrors.BillExpired.selector, expiry, expiry + 1));
        vm.prank(miner);
        market.cancelBill(billId);
        vm.warp(T0);
        _refused(t, abi.encodeWithSelector(IMarketErrors.BillIsCancelled.selector, billId));
    }

    function test_capacityIsWholeStepsOfWhatIsFree() public {
        uint256 billId = _bill();
        OrderTerms memory t = _orderTerms(billId);
        t.capacity = 0;
        _refused(t, abi.encodeWithSelector(IMarketErrors.ZeroCapacity.selector));
        t.capacity = STEP + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.NotMultiple.selector, STEP, STEP + 1));
        t.capacity = BILL_CAPACITY + STEP;
        _refused(t, abi.encodeWithSelector(IMarketErrors.NotEnoughCapacity.selector, BILL_CAPACITY, t.capacity));
        t.capacity = (1 << 32) + STEP;
        _refused(t, abi.encodeWithSelector(IMarketErrors.NotEnoughCapacity.selector, BILL_CAPACITY, t.capacity));
        t.capacity = BILL_CAPACITY;
        OrderView memory order = _taken(t);
        vm.assertEq(order.pledge, PRICE * BILL_CAPACITY / 1024 * PLEDGE_RATE);
        vm.assertEq(market.getBill(billId).pledge, 0);
        t.capacity = STEP;
        _refused(t, abi.encodeWithSelector(IMarketErrors.NotEnoughCapacity.selector, 0, STEP));
        _assertSolvent();
    }

    function test_weeksWithinTheBills() public {
        uint256 billId = _bill();
        uint256[4] memory weeks_ = [MIN_WEEKS - 1, MAX_WEEKS + 1, 0, (1 << 16) + MIN_WEEKS];
        OrderTerms memory t = _orderTerms(billId);
        t.capacity = STEP;
        for (uint256 i = 0; i < weeks_.length; ++i) {
            t.weeks_ = weeks_[i];
            _refused(t, abi.encodeWithSelector(IMarketErrors.WeeksOutOfRange.selector, MIN_WEEKS, MAX_WEEKS, weeks_[i]));
        }
        t.weeks_ = MIN_WEEKS;
        vm.assertEq(_taken(t).escrow, PRICE / 2 * MIN_WEEKS);
        t.weeks_ = MAX_WEEKS;
        vm.assertEq(_taken(t).escrow, PRICE / 2 * MAX_WEEKS);
    }

    function test_reserves() public {
        uint256 billId = _bill();
        OrderTerms memory t = _orderTerms(billId);
        t.capacity = STEP;
        t.challenges = 0;
        vm.assertEq(_taken(t).reserve, 0);
        t.challenges = 1;
        vm.assertEq(_taken(t).reserve, BOND);
        t.challenges = type(uint32).max;
        token.transfer(user, BOND * t.challenges);
        vm.assertEq(_taken(t).reserve, BOND * uint256(type(uint32).max));
        t.challenges = uint256(type(uint32).max) + 1;
        _refused(t, abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, type(uint32).max, t.challenges));
        _assertSolvent();
    }

    function test_theReserveFitsMoney() public {
        BillTerms memory b = _billTerms();
        b.bond = type(uint128).max;
        vm.prank(miner);
        uint256 billId = market.createBill(b);
        token.transfer(user, type(uint128).max);
        OrderTerms memory t = _orderTerms(billId);
        t.maxBond = b.bond;
        t.challenges = 2;
        _refused(t, abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, type(uint128).max, 2 * b.bond));
        t.challenges = 1;
        vm.assertEq(_taken(t).reserve, type(uint128).max);
        _assertSolvent();
    }

    function test_maxima() public {
        BillTerms memory b = BillTerms({
            capacity: type(uint32).max,
            step: 1,
            price: type(uint72).max - 1023,
            pledgeRate: type(uint16).max,
            minWeeks: 1,
            maxWeeks: type(uint16).max,
            bond: 1,
            expiresAt: T0
        });
        token.transfer(miner, 1e36);
        token.transfer(user, 1e36);
        vm.prank(miner);
        uint256 billId = market.createBill(b);
        OrderTerms memory t =
            OrderTerms(billId, miner, b.capacity, b.maxWeeks, b.price, b.pledgeRate, 1, type(uint32).max);
        OrderView memory order = _taken(t);
        uint256 weekPrice = b.price / 1024 * b.capacity;
        vm.assertEq(order.escrow, weekPrice * type(uint16).max);
        vm.assertEq(order.pledge, weekPrice * type(uint16).max);
        vm.assertEq(order.reserve, type(uint32).max);
        _assertSolvent();
        _agree(1, root, 1024);
        vm.assertEq(market.getOrder(1).endsAt, T0 + WEEK * type(uint16).max);
        vm.warp(T0 + WEEK * type(uint16).max + 1);
        market.finish(1);
        vm.assertEq(market.credit(miner), 2 * weekPrice * type(uint16).max);
        vm.assertEq(market.credit(user), type(uint32).max);
        market.withdraw(miner);
        market.withdraw(user);
        vm.assertEq(token.balanceOf(address(market)), 0);
    }

    function test_unknownOrder() public {
        _preparing();
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownOrder.selector, 2));
        market.getOrder(2);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownOrder.selector, 0));
        market.getOrder(0);
    }

    function test_needsEscrowAndReserve() public {
        uint256 billId = _bill();
        vm.prank(user);
        token.approve(address(market), COST + RESERVE - 1);
        _refused(
            _orderTerms(billId),
            abi.encodeWithSignature(
                "ERC20InsufficientAllowance(address,uint256,uint256)",
                address(market),
                COST + RESERVE - 1,
                COST + RESERVE
            )
        );
        (, uint256 orders) = market.counts();
        vm.assertEq(orders, 0);
        vm.assertEq(market.newestOrderOf(user), 0);
    }
}
