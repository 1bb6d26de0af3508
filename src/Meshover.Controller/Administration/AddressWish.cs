using System.Net.Sockets;

namespace Meshover.Controller.Administration;

/// <summary>A further node address as an administrator asks for it.</summary>
/// <param name="Address">In any form; empty: one is chosen.</param>
/// <param name="Family">4 or 6, of one that is chosen; 0: 4.</param>
/// <param name="Note">What it is for; null: nothing, or as it was where the node has it.</param>
internal sealed record AddressWish(string Address = "", uint Family = 0, string? Note = null)
{
    public AddressFamily ChosenFamily => Family == 6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
}
