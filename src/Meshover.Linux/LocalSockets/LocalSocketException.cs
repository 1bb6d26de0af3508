namespace Meshover.Linux.LocalSockets;

/// <summary>A local socket cannot be served. The message says what, why and what to do.</summary>
public sealed class LocalSocketException(string message, Exception? inner = null) : Exception(message, inner);
