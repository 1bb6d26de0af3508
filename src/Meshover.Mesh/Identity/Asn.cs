using System.Globalization;

namespace Meshover.Mesh.Identity;

/// <summary>An autonomous system number of 32 bits (RFC 6793). The mesh's own come from 4200000000-4294967294 (RFC 6996).</summary>
public readonly record struct Asn(uint Value) : IComparable<Asn>
{
    /// <summary>First number of the private 32-bit range (RFC 6996).</summary>
    public static readonly Asn FirstPrivate = new(4_200_000_000);

    /// <summary>Last number of the private 32-bit range (RFC 6996).</summary>
    public static readonly Asn LastPrivate = new(4_294_967_294);

    public int CompareTo(Asn other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    public static bool operator <(Asn left, Asn right) => left.Value < right.Value;
    public static bool operator >(Asn left, Asn right) => left.Value > right.Value;
    public static bool operator <=(Asn left, Asn right) => left.Value <= right.Value;
    public static bool operator >=(Asn left, Asn right) => left.Value >= right.Value;
}
