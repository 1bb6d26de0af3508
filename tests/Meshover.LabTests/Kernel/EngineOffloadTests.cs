using Meshover.LabTests.WireGuard;

namespace Meshover.LabTests.Kernel;

/// <summary>
/// Our engine on Debian 12's kernel, 6.1: it has no USO, and refuses UDP_SEGMENT where the egress device computes no checksums.
/// </summary>
public sealed class EngineOffloadTests : OffloadProbeTests;
