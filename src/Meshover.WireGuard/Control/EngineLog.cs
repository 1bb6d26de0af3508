using Meshover.WireGuard.Session;
using Microsoft.Extensions.Logging;

namespace Meshover.WireGuard.Control;

internal static partial class EngineLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "The data plane could not restore its last configuration: {Reason}")]
    public static partial void NotRestored(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A device was changed by hand and could not be put right: {Reason}")]
    public static partial void NotRepaired(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The path MTU cannot be probed: {Reason}")]
    public static partial void NoProbing(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Handshake message: {Outcome}")]
    public static partial void Handshake(ILogger logger, HandshakeOutcome outcome);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Cannot use {Path}: {Reason}. After a restart the data plane would wait for the agent.")]
    public static partial void StateFailed(ILogger logger, string path, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The data plane runs; its socket is {Socket}; {Build}.")]
    public static partial void Started(ILogger logger, string socket, string build);

    [LoggerMessage(Level = LogLevel.Information, Message = "Configuration in place: {Device}, UDP port {Port}, {Peers} peers.")]
    public static partial void Applied(ILogger logger, string device, int port, int peers);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No UAPI socket for {Device} ({Reason}): `wg` will not find it.")]
    public static partial void NoUapi(ILogger logger, string device, string reason);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "The machine was suspended, or its clock was set: expired keys are erased, and all peers are called.")]
    public static partial void Leapt(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The disk has not taken the last state within {Seconds} s: the next start uses what was written before.")]
    public static partial void NotWritten(ILogger logger, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "The data plane has stopped; its devices {Fate}.")]
    public static partial void Stopped(ILogger logger, string fate);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A UAPI request was refused: {Reason}")]
    public static partial void UapiRefused(ILogger logger, string reason);
}
