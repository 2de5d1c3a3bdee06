// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "../../src/IMarket.sol";
import {IMarketErrors} from "../../src/IMarketErrors.sol";
import {Parameters} from "../../src/MarketTypes.sol";
import {MarketFixture} from "../helpers/MarketFixture.sol";

contract ConstructorTest is MarketFixture {
    function _values() private pure returns (uint256[9] memory) {
        return abi.decode(abi.encode(_defaults()), (uint256[9]));
    }

    function _with(uint256[9] memory values) private pure returns (Parameters memory) {
        return abi.decode(abi.encode(values), (Parameters));
    }

    function _refused(uint256[9] memory values, bytes memory error_) private {
        vm.expectRevert(error_);
        this.deploy(address(token), _with(values));
    }

    /// @dev deployCode hides the constructor's revert data, so it is created by hand.
    function deploy(address token_, Parameters memory values) external returns (address created) {
        bytes memory code = bytes.concat(vm.getCode("Market.sol:Market"), abi.encode(token_, values));
        assembly {
            created := create(0, add(code, 0x20), mload(code))
            if iszero(created) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    function test_keepsItsParameters() public {
        uint256[9] memory values = [uint256(60), 61, 62, 63, 126, 65, 6_000, 4_000, 5_999];
        IMarket made = _deployMarket(address(token), _with(values));
        vm.assertEq(abi.encode(made.parameters()), abi.encode(values));
        vm.assertEq(made.token(), address(token));
        vm.assertEq(made.version(), "1");
        (uint256 bills, uint256 orders) = made.counts();
        vm.assertEq(bills + orders + made.trackedTotal(), 0);
    }

    function test_refusesEachParameterAtZero() public {
        for (uint256 i = 0; i < 9; ++i) {
            uint256[9] memory values = _values();
            values[i] = 0;
            _refused(values, abi.encodeWithSelector(IMarketErrors.ZeroParameter.selector, i));
        }
    }

    function test_refusesEachParameterAbove32Bits() public {
        for (uint256 i = 0; i < 9; ++i) {
            uint256[9] memory values = _values();
            values[i] = 1 << 32;
            _refused(values, abi.encodeWithSelector(IMarketErrors.OutOfRange.selector, type(uint32).max, values[i]));
        }
    }

    function test_takesEachTimeAtItsMaximum() public {
        uint256[9] memory values = _values();
        uint256[5] memory free = [uint256(0), 1, 4, 5, 4];
        for (uint256 i = 0; i < free.length; ++i) {
            values[free[i]] = type(uint32).max;
        }
        _deployMarket(address(token), _with(values));
    }

    function test_windowsMustFitInTheNotice() public {
        uint256[9] memory values = _values();
        values[4] = values[2] + values[3];
        _refused(
            values, abi.encodeWithSelector(IMarketErrors.WindowsTooLong.selector, values[4], values[2] + values[3])
        );
        values[4] += 1;
        _deployMarket(address(token), _with(values));
    }

    function test_sharesMustFitInThePledge() public {
        uint256[9] memory values = _values();
        (values[6], values[7]) = (9_500, 501);
        _refused(values, abi.encodeWithSelector(IMarketErrors.SharesTooHigh.selector, 10_000, 10_001));
        values[7] = 500;
        _deployMarket(address(token), _with(values));
    }

    function test_quitShareIsAtMostTheUsersShare() public {
        uint256[9] memory values = _values();
        values[8] = values[6] + 1;
        _refused(values, abi.encodeWithSelector(IMarketErrors.SharesTooHigh.selector, values[6], values[8]));
        values[8] = values[6];
        _deployMarket(address(token), _with(values));
    }

    function test_theTokenMustBeAContract() public {
        vm.expectRevert(abi.encodeWithSelector(IMarketErrors.NotAContract.selector, stranger));
        this.deploy(stranger, _defaults());
    }

    function test_takesNoPlainValue() public {
        vm.deal(address(this), 1 ether);
        (bool taken,) = address(market).call{value: 1}("");
        vm.assertFalse(taken);
        (taken,) = address(market).call{value: 1}(abi.encodeWithSelector(IMarket.withdraw.selector, user));
        vm.assertFalse(taken);
    }
}
