namespace Meshover.Console.SignIn;

/// <summary>How often an address may try to sign in.</summary>
public sealed class SignInPace() : AddressPace(AtOnce, OneMoreEach)
{
    public const int AtOnce = 10;
    public static readonly TimeSpan OneMoreEach = TimeSpan.FromSeconds(6);
}
