// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {IMarketEvents} from "../../src/IMarketEvents.sol";
import {BillView} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract ShrinkAndCancelBillTest is MarketFixture {
    uint256 private constant STEP_PLEDGE = PRICE * STEP / 1024 * PLEDGE_RATE;

    function test_shrinkFreesThePledgeOfWholeSteps() public {
        uint256 billId = _bill();
        vm.expectEmit(address(market));
        emit IMarketEvents.BillShrunk(billId, 2 * STEP, BILL_CAPACITY - 2 * STEP, 2 * STEP_PLEDGE);
        vm.prank(miner);
        market.shrinkBill(billId, 2 * STEP);
        BillView memory bill = market.getBill(billId);
        vm.assertEq(bill.capacity, BILL_CAPACITY - 2 * STEP);
        vm.assertEq(bill.free, BILL_CAPACITY - 2 * STEP);
        vm.assertEq(bill.pledge, 6 * STEP_PLEDGE);
        vm.assertEq(market.credit(miner), 2 * STEP_PLEDGE);
        _assertSolvent();
    }

    function test_shrinkTakesOnlyWhatIsFree() public {
        uint256 billId = _bill();
        _order(billId);
        uint256 free = BILL_CAPACITY - CAPACITY;
        _expect(abi.encodeWithSelector(IMarketErrors.NotEnoughCapacity.selector, free, free + STEP));
        vm.prank(miner);
        market.shrinkBill(billId, free + STEP);
        vm.prank(miner);
        market.shrinkBill(billId, free);
        BillView memory bill = market.getBill(billId);
        vm.assertEq(bill.free, 0);
        vm.assertEq(bill.capacity, CAPACITY);
        vm.assertFalse(bill.cancelled);
        _assertSolvent();
        _expect(abi.encodeWithSelector(IMarketErrors.NotEnoughCapacity.selector, 0, STEP));
        vm.prank(miner);
        market.shrinkBill(billId, STEP);
    }

    function test_shrinkRefusesZeroPartsAndTooMuch() public {
        uint256 billId = _bill();
        vm.startPrank(miner);
        _expect(abi.encodeWithSelector(IMarketErrors.ZeroCapacity.selector));
        market.shrinkBill(billId, 0);
        _expect(abi.encodeWithSelector(IMarketErrors.NotMultiple.selector, STEP, STEP - 1));
        market.shrinkBill(billId, STEP - 1);
        uint256 huge = type(uint256).max - type(uint256).max % STEP;
        _expect(abi.encodeWithSelector(IMarketErrors.NotEnoughCapacity.selector, BILL_CAPACITY, huge));
        market.shrinkBill(billId, huge);
        vm.stopPrank();
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownBill.selector, 9));
        market.shrinkBill(9, STEP);
    }

    function test_shrinkIsTheMinersEvenAfterExpiry() public {
        uint256 billId = _bill();
        _expect(abi.encodeWithSelector(IMarketErrors.NotOwner.selector, miner, stranger));
        vm.prank(stranger);
        market.shrinkBill(billId, STEP);
        _skip(31 * DAY);
        _expect(abi.encodeWithSelector(IMarketErrors.NotOwner.selector, miner, stranger));
        vm.prank(stranger);
        market.shrinkBill(billId, STEP);
        vm.prank(miner);
        market.shrinkBill(billId, STEP);
        _assertSolvent();
    }

    function test_cancelFreesTheRestKeepsOrdersAndTerms() public {
        uint256 billId = _bill();
        uint256 orderId = _order(billId);
        vm.expectEmit(address(market));
        emit IMarketEvents.BillCancelled(billId, miner, 5 * STEP_PLEDGE);
        vm.prank(miner);
        market.cancelBill(billId);
        BillView memory bill = market.getBill(billId);
        vm.assertTrue(bill.cancelled);
        vm.assertEq(bill.free, 0);
        vm.assertEq(bill.pledge, 0);
        vm.assertEq(bill.capacity, BILL_CAPACITY);
        vm.assertEq(bill.price, PRICE);
        vm.assertEq(market.credit(miner), 5 * STEP_PLEDGE);
        vm.assertEq(market.getOrder(orderId).pledge, PLEDGE);
        _agree(orderId, root, SIZE);
        _assertSolvent();
    }

    function test_cancelOnce() public {
        uint256 billId = _bill();
        vm.startPrank(miner);
        market.cancelBill(billId);
        _expect(abi.encodeWithSelector(IMarketErrors.BillIsCancelled.selector, billId));
        market.cancelBill(billId);
        _expect(abi.encodeWithSelector(IMarketErrors.BillIsCancelled.selector, billId));
        market.shrinkBill(billId, STEP);
        vm.stopPrank();
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownBill.selector, 0));
        market.cancelBill(0);
    }

    function test_anyoneCancelsAfterExpiry() public {
        uint256 billId = _bill();
        uint256 expiry = T0 + 30 * DAY;
        uint256[2] memory early = [expiry - 1, expiry];
        for (uint256 i = 0; i < 2; ++i) {
            vm.warp(early[i]);
            _expect(abi.encodeWithSelector(IMarketErrors.BillNotExpired.selector, expiry, early[i]));
            vm.prank(stranger);
            market.cancelBill(billId);
        }
        vm.warp(expiry + 1);
        vm.prank(stranger);
        market.cancelBill(billId);
        vm.assertEq(market.credit(miner), 8 * STEP_PLEDGE);
        vm.assertEq(market.credit(stranger), 0);
        _assertSolvent();
    }

    function test_cancelWithNothingFree() public {
        uint256 billId = _bill();
        vm.startPrank(miner);
        market.shrinkBill(billId, BILL_CAPACITY);
        market.cancelBill(billId);
        vm.stopPrank();
        vm.assertEq(market.credit(miner), 8 * STEP_PLEDGE);
        _assertSolvent();
    }
}
