using System.Globalization;
using System.Runtime.InteropServices;

namespace Meshover.Mesh.Planning;

/// <summary>A community of BGP (RFC 1997), written <c>65000:1</c>.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Community(ushort High, ushort Low)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{High}:{Low}");
}
