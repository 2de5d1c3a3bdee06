// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "../IMarket.sol";
import {Bill, BillTerms} from "../MarketTypes.sol";
import {MarketBase} from "./MarketBase.sol";

/// @title Bills: what miners offer (flow 3)
/// @notice A bill's terms never change; its capacity only shrinks.
abstract contract Bills is MarketBase {
    /// @inheritdoc IMarket
    function createBill(BillTerms calldata terms) external nonReentrant returns (uint256 billId) {
        return _createBill(terms);
    }

    /// @inheritdoc IMarket
    function shrinkBill(uint256 billId, uint256 capacity) external nonReentrant {
        Bill storage bill = _bill(billId);
        _onlyOwner(bill.miner);
        if (bill.cancelled) revert BillIsCancelled(billId);
        if (capacity == 0) revert ZeroCapacity();
        if (capacity % bill.step != 0) revert NotMultiple(bill.step, capacity);
        if (capacity > bill.free) revert NotEnoughCapacity(bill.free, capacity);
        uint256 freed = _pledge(bill, capacity);
        bill.capacity -= uint32(capacity);
        bill.free -= uint32(capacity);
        emit BillShrunk(billId, capacity, bill.free, freed);
        _credit(bill.miner, freed);
    }

    /// @inheritdoc IMarket
    function cancelBill(uint256 billId) external nonReentrant {
        Bill storage bill = _bill(billId);
        if (bill.cancelled) revert BillIsCancelled(billId);
        if (msg.sender != bill.miner && block.timestamp <= bill.expiresAt) {
            revert BillNotExpired(bill.expiresAt, block.timestamp);
        }
        uint256 freed = _pledge(bill, bill.free);
        bill.cancelled = true;
        bill.free = 0;
        emit BillCancelled(billId, msg.sender, freed);
        _credit(bill.miner, freed);
    }

    function _createBill(BillTerms calldata terms) internal returns (uint256 billId) {
        _checkBillTerms(terms);
        billId = _fit(_totals.nextBill, type(uint40).max - 1);
        _totals.nextBill = uint40(billId + 1);
        Bill storage bill = _bills[billId];
        bill.miner = msg.sender;
        bill.price = uint72(terms.price);
        bill.pledgeRate = uint16(terms.pledgeRate);
        bill.capacity = uint32(terms.capacity);
        bill.free = uint32(terms.capacity);
        bill.step = uint32(terms.step);
        bill.minWeeks = uint16(terms.minWeeks);
        bill.maxWeeks = uint16(terms.maxWeeks);
        bill.createdAt = uint40(block.timestamp);
        bill.expiresAt = uint40(terms.expiresAt);
        bill.previous = uint40(newestBillOf[msg.sender]);
        bill.bond = uint128(terms.bond);
        newestBillOf[msg.sender] = billId;
        uint256 pledge = _pledge(bill, terms.capacity);
        emit BillCreated(
            billId,
            msg.sender,
            terms.capacity,
            terms.step,
            terms.price,
            terms.pledgeRate,
            terms.minWeeks,
            terms.maxWeeks,
            terms.bond,
            terms.expiresAt,
            pledge
        );
        _pull(pledge);
    }

    function _checkBillTerms(BillTerms calldata terms) private view {
        _fit(terms.capacity, type(uint32).max);
        _fit(terms.step, type(uint32).max);
        _fit(terms.price, type(uint72).max);
        _fit(terms.pledgeRate, type(uint16).max);
        _fit(terms.maxWeeks, type(uint16).max);
        _fit(terms.bond, type(uint128).max);
        if (terms.capacity == 0) revert ZeroCapacity();
        if (terms.step == 0) revert ZeroStep();
        if (terms.price == 0) revert ZeroPrice();
        if (terms.pledgeRate == 0) revert ZeroPledgeRate();
        if (terms.capacity % terms.step != 0) revert NotMultiple(terms.step, terms.capacity);
        if (terms.price * terms.step % MIB_PER_GIB != 0) {
            revert PriceNotDivisible(MIB_PER_GIB, terms.price * terms.step);
        }
        if (terms.minWeeks == 0 || terms.minWeeks > terms.maxWeeks) {
            revert WeeksOutOfRange(1, terms.maxWeeks, terms.minWeeks);
        }
        if (terms.expiresAt < block.timestamp || terms.expiresAt > block.timestamp + MAX_BILL_TERM) {
            revert ExpiryOutOfRange(block.timestamp, block.timestamp + MAX_BILL_TERM, terms.expiresAt);
        }
    }
}
