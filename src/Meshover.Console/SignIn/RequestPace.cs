namespace Meshover.Console.SignIn;

/// <summary>How often an address may ask for anything. A page with its files is some ten requests, and then one WebSocket.</summary>
public sealed class RequestPace() : AddressPace(AtOnce, OneMoreEach)
{
    public const int AtOnce = 300;
    public static readonly TimeSpan OneMoreEach = TimeSpan.FromMilliseconds(50);
}
