// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {Grant, OrderState, Permit} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

/// @notice A token that takes a fee, gives too much, lies, answers false, or calls back: by its mood.
contract MoodyToken is ERC20, ERC20Burnable {
    enum Mood {
        Honest,
        Fee,
        Gift,
        Lost,
        ReturnsFalse,
        CallsBack
    }

    Mood public mood;
    address public target;
    bytes public callback;
    bytes public reason;
    bool public called;

    constructor() ERC20("Moody", "MOOD") {
        _mint(msg.sender, 1e40);
    }

    function set(Mood mood_, address target_, bytes calldata callback_) external {
        (mood, target, callback, called) = (mood_, target_, callback_, false);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        if (mood == Mood.ReturnsFalse) return false;
        if (mood == Mood.CallsBack) _callBack();
        if (mood == Mood.Lost) {
            _burn(to, balanceOf(to));
            return true;
        }
        super.transferFrom(from, to, value);
        if (mood == Mood.Fee) _burn(to, 1);
        if (mood == Mood.Gift) _mint(to, 1);
        return true;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        if (mood == Mood.ReturnsFalse) return false;
        if (mood == Mood.CallsBack) _callBack();
        return super.transfer(to, value);
    }

    function burn(uint256 value) public override {
        if (mood == Mood.CallsBack) _callBack();
        super.burn(value);
    }

    function _callBack() private {
        (bool success, bytes memory data) = target.call(callback);
        called = true;
        reason = success ? bytes("") : data;
    }
}

/// @notice An operator that calls back when it gets its gas float.
contract CallingOperator {
    address private immutable TARGET;
    bytes private call_;
    bytes public reason;
    bool public succeeded;

    constructor(address target, bytes memory callData) {
        TARGET = target;
        call_ = callData;
    }

    receive() external payable {
        (bool success, bytes memory data) = TARGET.call(call_);
        (succeeded, reason) = (success, data);
    }
}

contract HostileTest is MarketFixture {
    MoodyToken private moody;

    function _useMoody() private {
        moody = new MoodyToken();
        market = _deployMarket(address(moody), _defaults());
        address[3] memory holders = [miner, user, stranger];
        for (uint256 i = 0; i < 3; ++i) {
            moody.transfer(holders[i], FUNDS);
            vm.prank(holders[i]);
            moody.approve(address(market), type(uint256).max);
        }
    }

    function _mood(MoodyToken.Mood mood) private {
        moody.set(mood, address(0), "");
    }

    function test_aTokenThatTakesAFeeIsRefused() public {
        _useMoody();
        uint256 pledge = PRICE * BILL_CAPACITY / 1024 * PLEDGE_RATE;
        _mood(MoodyToken.Mood.Fee);
        _expect(abi.encodeWithSelector(IMarketErrors.TransferAmountMismatch.selector, pledge, pledge - 1));
        vm.prank(miner);
        market.createBill(_billTerms());
        _mood(MoodyToken.Mood.Gift);
        _expect(abi.encodeWithSelector(IMarketErrors.TransferAmountMismatch.selector, pledge, pledge + 1));
        vm.prank(miner);
        market.createBill(_billTerms());
        vm.assertEq(market.trackedTotal(), 0);
    }

    function test_aTokenThatLosesTheBalanceMeetsAnErrorNoPanic() public {
        _useMoody();
        uint256 billId = _bill();
        uint256 held = moody.balanceOf(address(market));
        _mood(MoodyToken.Mood.Lost);
        uint256 lost;
        unchecked {
            lost = 0 - held;
        }
        _expect(abi.encodeWithSelector(IMarketErrors.TransferAmountMismatch.selector, COST + RESERVE, lost));
        vm.prank(user);
        market.createOrder(_orderTerms(billId));
    }

    function test_aTokenThatAnswersFalseIsRefused() public {
        _useMoody();
        bytes memory failed = abi.encodeWithSignature("SafeERC20FailedOperation(address)", address(moody));
        _mood(MoodyToken.Mood.ReturnsFalse);
        _expect(failed);
        vm.prank(miner);
        market.createBill(_billTerms());
        _mood(MoodyToken.Mood.Honest);
        uint256 orderId = _preparing();
        vm.prank(user);
        market.cancelOrder(orderId);
        _mood(MoodyToken.Mood.ReturnsFalse);
        _expect(failed);
        market.withdraw(user);
        vm.assertEq(market.credit(user), COST + RESERVE);
    }

    function test_noActIsReenteredFromAnyTransfer() public {
        _useMoody();
        uint256 billId = _bill();
        uint256 orderId = _order(billId);
        uint256 second = _order(billId);
        _agree(second, root, SIZE);
        vm.prank(user);
        market.challenge(second, 0);
        bytes[] memory calls = _everyAct(billId, orderId);
        for (uint256 i = 0; i < calls.length; ++i) {
            for (uint256 act = 0; act < 4; ++act) {
                uint256 snapshot = vm.snapshotState();
                if (act == 0) {
                    moody.set(MoodyToken.Mood.CallsBack, address(market), calls[i]);
                    vm.prank(miner);
                    market.createBill(_billTerms());
                } else if (act == 1) {
                    moody.set(MoodyToken.Mood.CallsBack, address(market), calls[i]);
                    vm.prank(stranger);
                    market.topUp(orderId, 1);
                } else if (act == 2) {
                    vm.prank(user);
                    market.cancelOrder(orderId);
                    moody.set(MoodyToken.Mood.CallsBack, address(market), calls[i]);
                    market.withdraw(user);
                } else {
                    _skip(DAY + 1);
                    moody.set(MoodyToken.Mood.CallsBack, address(market), calls[i]);
                    market.slash(second, user);
                }
                vm.assertTrue(moody.called(), "no call back");
                vm.assertEq(moody.reason(), abi.encodeWithSignature("ReentrancyGuardReentrantCall()"), vm.toString(i));
                vm.revertToState(snapshot);
            }
        }
    }

    function _everyAct(uint256 billId, uint256 orderId) private view returns (bytes[] memory calls) {
        Permit memory permit;
        Grant memory grant;
        calls = new bytes[](25);
        calls[0] = abi.encodeCall(market.setOperator, (user, 1, T0 + WEEK));
        calls[1] = abi.encodeCall(market.setEndpoint, (0, "x"));
        calls[2] = abi.encodeCall(market.setDefaultEndpoint, (miner, "x"));
        calls[3] = abi.encodeCall(market.createBill, (_billTerms()));
        calls[4] = abi.encodeCall(market.shrinkBill, (billId, STEP));
        calls[5] = abi.encodeCall(market.cancelBill, (billId));
        calls[6] = abi.encodeCall(market.createOrder, (_orderTerms(billId)));
        calls[7] = abi.encodeCall(market.prepare, (orderId, USER, root, SIZE));
        calls[8] = abi.encodeCall(market.refuse, (orderId, ""));
        calls[9] = abi.encodeCall(market.cancelOrder, (orderId));
        calls[10] = abi.encodeCall(market.extendOrder, (orderId, 1, PRICE));
        calls[11] = abi.encodeCall(market.shorten, (orderId, 3));
        calls[12] = abi.encodeCall(market.topUp, (orderId, 1));
        calls[13] = abi.encodeCall(market.challenge, (orderId, 0));
        calls[14] = abi.encodeCall(market.answer, (orderId, "", new bytes32[](0)));
        calls[15] = abi.encodeCall(market.slash, (orderId, user));
        calls[16] = abi.encodeCall(market.claim, (orderId));
        calls[17] = abi.encodeCall(market.finish, (orderId));
        calls[18] = abi.encodeCall(market.end, (orderId, T0 + WEEK));
        calls[19] = abi.encodeCall(market.quit, (orderId));
        calls[20] = abi.encodeCall(market.withdraw, (miner));
        calls[21] = abi.encodeCall(market.openAsUser, (permit, grant, _orderTerms(billId)));
        calls[22] = abi.encodeCall(market.openAsMiner, (permit, grant, _billTerms(), ""));
        bytes[] memory nested = new bytes[](1);
        nested[0] = calls[20];
        calls[23] = abi.encodeCall(market.multicall, (nested));
        nested[0] = calls[9];
        calls[24] = abi.encodeCall(market.multicall, (nested));
    }

    function test_anOperatorDoesNotReenterFromItsGasFloat() public {
        uint256 orderId = _preparing();
        vm.prank(user);
        market.cancelOrder(orderId);
        CallingOperator operator = new CallingOperator(address(market), abi.encodeCall(market.withdraw, (user)));
        vm.deal(user, 1);
        vm.prank(user);
        market.setOperator{value: 1}(address(operator), 1, T0);
        vm.assertFalse(operator.succeeded());
        vm.assertEq(operator.reason(), abi.encodeWithSignature("ReentrancyGuardReentrantCall()"));
        vm.assertEq(market.credit(user), COST + RESERVE);
    }

    function test_aReceiverThatIsAContractBlocksNobody() public {
        // Payouts are credits: whoever can't take tokens only blocks itself.
        uint256 orderId = _active();
        vm.etch(user, hex"fe");
        vm.warp(T0 + WEEKS * WEEK + 1);
        market.finish(orderId);
        market.withdraw(miner);
        market.withdraw(user);
        _assertState(orderId, OrderState.Ended);
    }
}
