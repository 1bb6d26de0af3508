namespace Meshover.Controller.Hosting;

/// <summary>It cannot start as things stand, though its configuration is right; it may when tried again.</summary>
/// <param name="message">What, why, and what to do.</param>
internal sealed class StartException(string message) : Exception(message);
