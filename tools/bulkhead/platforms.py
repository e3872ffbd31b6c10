"""The platforms: an emulator and the CPU vendor that it shows, which together say which kernel image runs."""

from __future__ import annotations

from dataclasses import dataclass

from bulkhead.errors import UsageProblem


@dataclass(frozen=True)
class Platform:
    """One pair of emulator and CPU vendor."""

    emulator: str  # qemu or bochs
    vendor: str  # svm or vmx
    model: str  # the emulator's name for the processor
    machine: str | None  # what the description's [platform] machine becomes; None leaves it alone
    patience: float  # how many times longer than on QEMU anything may take

    @property
    def name(self) -> str:
        """As bench rows and test names say it."""
        return f"{self.emulator}-{self.vendor}"


QEMU_SVM = Platform("qemu", "svm", "max,+svm", None, 1)
BOCHS_SVM = Platform("bochs", "svm", "ryzen", "bochs", 4)
BOCHS_VMX = Platform("bochs", "vmx", "corei7_icelake_u", "bochs", 4)

PLATFORMS = {platform.name: platform for platform in (QEMU_SVM, BOCHS_VMX, BOCHS_SVM)}
EMULATORS = ("qemu", "bochs")
VENDORS = ("svm", "vmx")
_DEFAULT_VENDOR = {"qemu": "svm", "bochs": "vmx"}


def choose(emulator: str, vendor: str | None) -> Platform:
    """What --on and --cpu mean together."""
    name = f"{emulator}-{vendor or _DEFAULT_VENDOR[emulator]}"
    if name not in PLATFORMS:
        raise UsageProblem(f"QEMU models no {vendor.upper() if vendor else ''}; use --on bochs --cpu {vendor}")
    return PLATFORMS[name]
